-- Until then no other jobs of this name and these keys are enqueued, whatever becomes of these; null: nothing is written down. A few windows that
-- are over are removed on the way.
create or replace function fencepost.open_windows(name text, keys text[], queue text, until timestamptz, jobs bigint[])
  returns boolean
  language plpgsql
as $$
declare
  most constant integer := 2 * cardinality(open_windows.keys);
begin
  if open_windows.until is null or most = 0 then
    return false;
  end if;
  delete from fencepost.job_windows as opened
  where opened.ctid = any (array(
    select one.ctid
    from fencepost.job_windows as one
    where one.until <= fencepost.job_clock()
    order by one.until
    limit most
    for update skip locked
  ));
  insert into fencepost.job_windows as opened (name, key, until, job)
  select fencepost.key_scope(open_windows.queue, open_windows.name), listed.key, open_windows.until, listed.job
  from unnest(open_windows.keys, open_windows.jobs) as listed (key, job)
  on conflict on constraint job_windows_pkey do update set until = excluded.until, job = excluded.job;
  return true;
end
$$;
