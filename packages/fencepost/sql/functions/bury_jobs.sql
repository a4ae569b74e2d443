-- Moves jobs of an attempt to the dead ones, where they wait for somebody to look and to redrive them; says which there were.
create or replace function fencepost.bury_jobs(token bigint, ids bigint[], errors text[])
  returns bigint[]
  language plpgsql
as $$
declare
  buried bigint[];
begin
  with gone as (
    delete from fencepost.jobs as job
    where job.id = any (bury_jobs.ids) and job.token = bury_jobs.token
    returning job.*
  ), dead as (
    insert into fencepost.finished_jobs as finished (
      id, queue, name, state, priority, payload, enqueued_at, finished_at, attempt, attempts, crashes, key, group_key, parent, keep, error
    )
    select gone.id, gone.queue, gone.name, 'dead', gone.priority, gone.payload, gone.enqueued_at, fencepost.job_clock(), gone.attempt,
      gone.attempts, gone.crashes, gone.key, gone.group_key, gone.parent, gone.keep,
      bury_jobs.errors[array_position(bury_jobs.ids, gone.id)]
    from gone
    returning finished.id
  )
  select array_agg(dead.id) into buried from dead;
  return coalesce(buried, '{}');
end
$$;
