-- Keeps these keys of jobs of a name to itself, to the end of the transaction; false if it would have had to wait. In the order of the numbers, so
-- that two who take several do not wait for each other.
create or replace function fencepost.take_job_keys(name text, keys jsonb, queue text, waits boolean)
  returns boolean
  language plpgsql
as $$
declare
  one bigint;
begin
  if not take_job_keys.waits then
    -- Others wait behind this statement on its connection; what it may still have to wait for is a job that is being claimed.
    perform set_config('lock_timeout', '100ms', true);
  end if;
  for one in
    select distinct fencepost.job_key('key', fencepost.key_scope(take_job_keys.queue, take_job_keys.name) || ':' || listed.key) as number
    from jsonb_array_elements_text(take_job_keys.keys) as listed (key)
    order by number
  loop
    if take_job_keys.waits then
      perform pg_advisory_xact_lock(one);
    elsif not pg_try_advisory_xact_lock(one) then
      return false;
    end if;
  end loop;
  return true;
end
$$;
