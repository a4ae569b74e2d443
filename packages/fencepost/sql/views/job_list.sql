-- For psql and dashboards, every job, queued, running and finished, and who has it:
-- select * from fencepost.job_list where state = 'running' order by claimed_at. The workers are joined last, so that a limit is reached before.
create or replace view fencepost.job_list as
  select
    job.id, job.queue, job.name, job.state, job.priority, job.attempt, job.attempts, job.crashes, job.token,
    worker.application, worker.host, worker.process,
    now() - job.enqueued_at as age,
    job.enqueued_at, job.run_at, job.claimed_at, job.finished_at, job.expires_at, job.key, job.group_key, job.parent,
    job.children, job.payload, job.progress, job.result, job.error
  from (
    select
      live.id, live.queue, live.name, live.state, live.priority, live.attempt, live.attempts, live.crashes, live.token,
      live.session, live.enqueued_at, live.run_at, live.claimed_at, null::timestamptz as finished_at,
      null::timestamptz as expires_at, live.key, live.group_key, live.parent, live.children, live.payload, live.progress,
      null::jsonb as result, live.error
    from fencepost.jobs as live
    union all
    select
      finished.id, finished.queue, finished.name, finished.state, finished.priority, finished.attempt, finished.attempts,
      finished.crashes, null, null, finished.enqueued_at, null, null, finished.finished_at, finished.expires_at,
      finished.key, finished.group_key, finished.parent, 0, finished.payload, null, finished.result, finished.error
    from fencepost.finished_jobs as finished
  ) as job
  left join fencepost.workers as worker on worker.session = job.session;
