-- For how long a worker that found nothing may sleep, as JSON: in how many ms the next delayed job is due (dueMs, null: none), whether others have
-- jobs, which may die (isBusy), and whether somebody is about to enqueue who may not have seen that it sleeps (isEnqueuing).
create or replace function fencepost.job_outlook(queues text[])
  returns text
  language plpgsql
as $$
declare
  due_ms float8;
  is_enqueuing boolean := false;
  queue text;
begin
  -- First: those who enqueue with a delay are seen here, or what they have enqueued below.
  foreach queue in array job_outlook.queues loop
    is_enqueuing := is_enqueuing or not fencepost.is_free_job_key('enqueuers', queue);
  end loop;
  select date_part('epoch', job.run_at - fencepost.job_clock()) * 1000 into due_ms
  from fencepost.jobs as job
  where job.state = 'delayed'
  order by job.run_at
  limit 1;
  return json_build_object(
    'dueMs', due_ms, 'isBusy', not fencepost.is_free_job_key('busy', ''), 'isEnqueuing', is_enqueuing
  );
end
$$;
