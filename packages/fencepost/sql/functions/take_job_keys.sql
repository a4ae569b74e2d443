-- Waits for these keys of jobs, until nobody else is at one, and keeps them to the end of the transaction. In the order of the numbers, so that
-- two who take several do not wait for each other.
create or replace function fencepost.take_job_keys(scope text, keys jsonb)
  returns boolean
  language plpgsql
as $$
declare
  one bigint;
begin
  for one in
    select distinct fencepost.job_key('key', take_job_keys.scope || ':' || listed.key) as number
    from jsonb_array_elements_text(take_job_keys.keys) as listed (key)
    order by number
  loop
    perform pg_advisory_xact_lock(one);
  end loop;
  return true;
end
$$;
