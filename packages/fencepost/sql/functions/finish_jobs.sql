-- Ends jobs that are done, with their results, a JSON array beside the ids, and says which of them were still of this attempt. Kept are those that
-- are to be kept, and for their parents all children. A parent whose last child this was becomes ready.
create or replace function fencepost.finish_jobs(token bigint, ids bigint[], results jsonb default null)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  finished bigint[];
  parents bigint[];
begin
  with gone as (
    delete from fencepost.jobs as job
    where job.id = any (finish_jobs.ids) and job.token = finish_jobs.token
    returning job.*
  ), kept as (
    insert into fencepost.finished_jobs (
      id, queue, name, state, priority, payload, enqueued_at, finished_at, expires_at,
      attempt, attempts, crashes, key, group_key, parent, keep, result
    )
    select gone.id, gone.queue, gone.name, 'done', gone.priority, gone.payload, gone.enqueued_at, now,
      -- That of a child without a time of its own is over when the parent is: the sweep passes over it until then.
      now + coalesce(gone.keep, interval '0'),
      gone.attempt, gone.attempts, gone.crashes, gone.key, gone.group_key, gone.parent, gone.keep,
      finish_jobs.results -> (array_position(finish_jobs.ids, gone.id) - 1)
    from gone
    where gone.keep is not null or gone.parent is not null
  )
  select array_agg(gone.id), array_agg(gone.parent) filter (where gone.parent is not null) into finished, parents from gone;
  perform fencepost.end_children(parents);
  return coalesce(finished, '{}');
end
$$;
