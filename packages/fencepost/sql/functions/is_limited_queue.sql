-- Whether a queue has a limit of its own: all its jobs are claimed under its mutex then.
create or replace function fencepost.is_limited_queue(queue text)
  returns boolean
  language plpgsql stable
as $$
begin
  return exists (
    select from fencepost.job_limits as job_limit
    where job_limit.scope = 'queue' and job_limit.name = is_limited_queue.queue
  );
end
$$;
