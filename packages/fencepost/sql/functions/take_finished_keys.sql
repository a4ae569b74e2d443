-- Keeps the keys of finished jobs to this transaction, as those do who enqueue, so that none of them is enqueued meanwhile. Says of how many kinds.
create or replace function fencepost.take_finished_keys(ids bigint[])
  returns integer
  language plpgsql
as $$
declare
  kinds integer := 0;
  kind record;
begin
  for kind in
    select job.name, min(job.queue) as queue, jsonb_agg(job.key) as keys
    from fencepost.finished_jobs as job
    where job.id = any (take_finished_keys.ids) and job.key is not null
    group by fencepost.key_scope(job.queue, job.name), job.name
    order by fencepost.key_scope(job.queue, job.name)
  loop
    perform fencepost.take_job_keys(kind.name, kind.keys, kind.queue, true);
    kinds := kinds + 1;
  end loop;
  return kinds;
end
$$;
