-- Takes a job out of its queue, to be remembered as cancelled. One that runs loses its row, so that what its attempt still wants to commit is
-- refused, and its worker is told; waits for a commit of its that is under way. Its children go on, and its parent waits no more for it.
-- False, and nothing is changed, for a job that is finished and for an id that does not exist.
create or replace function fencepost.cancel_job(id bigint)
  returns boolean
  language plpgsql
as $$
declare
  gone fencepost.jobs;
begin
  delete from fencepost.jobs as job where job.id = cancel_job.id returning job.* into gone;
  if not found then
    return false;
  end if;
  insert into fencepost.finished_jobs (
    id, queue, name, state, priority, payload, enqueued_at, expires_at, attempt, attempts, crashes, key, group_key, parent,
    keep, error
  )
  values (
    gone.id, gone.queue, gone.name, 'cancelled', gone.priority, gone.payload, gone.enqueued_at,
    fencepost.job_clock() + coalesce(gone.keep, interval '7 days'), gone.attempt, gone.attempts, gone.crashes, gone.key,
    gone.group_key, gone.parent, gone.keep, gone.error
  );
  if gone.parent is not null then
    perform fencepost.end_children(array[gone.parent]);
  end if;
  if gone.session is not null then
    perform pg_notify('fencepost:' || gone.session, format('job:%s:%s', gone.id, gone.token));
  end if;
  return true;
end
$$;
