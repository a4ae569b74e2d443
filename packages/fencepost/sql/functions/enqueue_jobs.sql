-- Enqueues jobs that are alike but for their payloads, a JSON array, and says their ids, in its order.
create or replace function fencepost.enqueue_jobs(
  name text, payloads jsonb, queue text default 'default', priority integer default 0, attempts integer default 5,
  run_at timestamptz default null, keep interval default null
)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  ids bigint[];
begin
  with enqueued as (
    insert into fencepost.jobs as job (queue, name, state, priority, payload, run_at, enqueued_at, attempts, keep)
    select enqueue_jobs.queue, enqueue_jobs.name, case when enqueue_jobs.run_at > now then 'delayed' else 'ready' end,
      enqueue_jobs.priority, one.payload, coalesce(enqueue_jobs.run_at, now), now, enqueue_jobs.attempts, enqueue_jobs.keep
    from jsonb_array_elements(enqueue_jobs.payloads) with ordinality as one (payload, place)
    order by one.place
    returning job.id
  )
  select array_agg(enqueued.id) into ids from enqueued;
  perform fencepost.ring_workers(enqueue_jobs.queue);
  return coalesce(ids, '{}');
end
$$;
