-- What the children of a job returned, a JSON array in the order in which they were enqueued; null for one that was cancelled.
-- Only for the attempt that runs (LK009).
create or replace function fencepost.child_results(parent bigint, token bigint)
  returns jsonb
  language plpgsql
as $$
begin
  if not exists (
    select from fencepost.jobs as job where job.id = child_results.parent and job.token = child_results.token
  ) then
    raise exception 'job % is no longer run under token %', child_results.parent, child_results.token
      using errcode = 'LK009', hint = 'Stop: it was cancelled, or another worker runs it.';
  end if;
  return (
    select coalesce(jsonb_agg(child.result order by child.id), '[]')
    from fencepost.finished_jobs as child
    where child.parent = child_results.parent and child.state <> 'dead'
  );
end
$$;
