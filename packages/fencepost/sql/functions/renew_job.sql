-- Gives the last job of this name and key that does not run another payload, due at another time, with all its attempts before it, and says
-- its id; null if there is none. priority null: as it was. The caller has the key to itself; a job that is being claimed is waited for.
create or replace function fencepost.renew_job(
  name text, key text, queue text, payload jsonb, due timestamptz, group_key text, priority integer
)
  returns bigint
  language plpgsql
as $$
declare
  renewed record;
begin
  update fencepost.jobs as job
  set payload = renew_job.payload, run_at = renew_job.due, priority = coalesce(renew_job.priority, job.priority),
    state = case when job.state = 'waiting' then 'waiting' when renew_job.due > fencepost.job_clock() then 'delayed' else 'ready' end,
    group_key = renew_job.group_key, is_plain = job.is_plain and renew_job.group_key is null,
    attempt = 0, error = null, progress = null
  where job.id = (
    select one.id
    from fencepost.jobs as one
    where one.name = renew_job.name and one.key = renew_job.key and one.state <> 'running'
      and fencepost.key_scope(one.queue, one.name) = fencepost.key_scope(renew_job.queue, renew_job.name)
    order by one.id desc
    limit 1
    for update
  )
  returning job.id, job.queue into renewed;
  if renewed.id is not null then
    perform fencepost.ring_workers(renewed.queue);
  end if;
  return renewed.id;
end
$$;
