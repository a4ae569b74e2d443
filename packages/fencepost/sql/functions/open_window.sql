-- Until then no other job of this name and key is enqueued, whatever becomes of this one. A few windows that are
-- over are removed on the way.
create or replace function fencepost.open_window(name text, key text, queue text, until timestamptz, job bigint)
  returns boolean
  language plpgsql
as $$
begin
  delete from fencepost.job_windows as opened
  where opened.ctid = any (array(
    select one.ctid
    from fencepost.job_windows as one
    where one.until <= fencepost.job_clock()
    order by one.until
    limit 2
    for update skip locked
  ));
  insert into fencepost.job_windows as opened (name, key, until, job)
  values (fencepost.key_scope(open_window.queue, open_window.name), open_window.key, open_window.until, open_window.job)
  on conflict on constraint job_windows_pkey do update set until = excluded.until, job = excluded.job;
  return true;
end
$$;
