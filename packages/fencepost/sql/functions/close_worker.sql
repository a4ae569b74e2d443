-- Says that this session works no more; false while it still has jobs, which are to be ended or given back first.
create or replace function fencepost.close_worker(session bigint)
  returns boolean
  language plpgsql
as $$
begin
  delete from fencepost.workers as worker
  where worker.session = close_worker.session
    and not exists (select from fencepost.jobs as job where job.state = 'running' and job.session = close_worker.session);
  return found;
end
$$;
