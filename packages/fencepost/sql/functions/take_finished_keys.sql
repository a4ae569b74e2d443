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
    select fencepost.key_scope(job.queue, job.name) as scope, jsonb_agg(job.key) as keys
    from fencepost.finished_jobs as job
    where job.id = any (take_finished_keys.ids) and job.key is not null
    group by 1
    order by 1
  loop
    perform fencepost.take_job_keys(kind.scope, kind.keys);
    kinds := kinds + 1;
  end loop;
  return kinds;
end
$$;
