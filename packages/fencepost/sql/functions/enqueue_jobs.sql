-- Enqueues jobs that are alike but for their payloads, a JSON array, and says their ids, in its order; keys and groups are JSON arrays
-- beside it. What keys mean is seen to by enqueue_keyed. is_limited: the job has limits, whether or not a worker has written them down yet.
create or replace function fencepost.enqueue_jobs(
  name text, payloads jsonb, queue text default 'default', priority integer default 0, attempts integer default 5,
  run_at timestamptz default null, keep interval default null, delay interval default null,
  groups jsonb default null, keys jsonb default null, is_limited boolean default false
)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  due constant timestamptz := coalesce(enqueue_jobs.run_at, now + enqueue_jobs.delay, now);
  is_plain constant boolean := not enqueue_jobs.is_limited and not exists (
    select from fencepost.job_limits as job_limit where job_limit.scope = 'job' and job_limit.name = enqueue_jobs.name
  );
  ids bigint[];
begin
  with enqueued as (
    insert into fencepost.jobs as job (
      queue, name, state, priority, payload, run_at, enqueued_at, attempts, is_plain, key, group_key, keep
    )
    select enqueue_jobs.queue, enqueue_jobs.name, case when due > now then 'delayed' else 'ready' end,
      enqueue_jobs.priority, one.payload, due, now, enqueue_jobs.attempts, is_plain and one.group_key is null,
      one.key, one.group_key, enqueue_jobs.keep
    from rows from (
      jsonb_array_elements(enqueue_jobs.payloads),
      jsonb_array_elements_text(coalesce(enqueue_jobs.keys, '[]')),
      jsonb_array_elements_text(coalesce(enqueue_jobs.groups, '[]'))
    ) with ordinality as one (payload, key, group_key, place)
    order by one.place
    returning job.id
  )
  select array_agg(enqueued.id) into ids from enqueued;
  perform fencepost.ring_workers(enqueue_jobs.queue);
  return coalesce(ids, '{}');
end
$$;
