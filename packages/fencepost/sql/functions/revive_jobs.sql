-- Has finished jobs begin anew, with all their attempts, under the ids and parents they had, and says which. Passed over: what is not finished, and a
-- job whose key has another one in the meantime. A job that was done has told its parent already, so it comes back without one.
create or replace function fencepost.revive_jobs(ids bigint[])
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  revived bigint[];
  ringing text;
begin
  with gone as (
    delete from fencepost.finished_jobs as finished
    where finished.id in (
      -- Of several that had the same key the oldest.
      select distinct on (one.name, coalesce(one.key, ''), case when one.key is null then one.id end) one.id
      from fencepost.finished_jobs as one
      where one.id = any (revive_jobs.ids)
        and not exists (select from fencepost.jobs as other where other.name = one.name and other.key = one.key)
      order by one.name, coalesce(one.key, ''), case when one.key is null then one.id end, one.id
    )
    returning finished.*
  ), back as (
    insert into fencepost.jobs as job (
      id, queue, name, state, priority, payload, run_at, enqueued_at, attempts, is_plain, key, group_key, parent, keep
    )
    overriding system value
    select gone.id, gone.queue, gone.name, 'ready', gone.priority, gone.payload, now, gone.enqueued_at, gone.attempts,
      gone.group_key is null and not exists (
        select from fencepost.job_limits as known where known.scope = 'job' and known.name = gone.name
      ),
      gone.key, gone.group_key, case when gone.state <> 'done' then gone.parent end, gone.keep
    from gone
    order by gone.id
    returning job.id
  )
  select array_agg(back.id order by back.id) into revived from back;

  for ringing in
    select distinct job.queue from fencepost.jobs as job where job.id = any (revived) order by job.queue
  loop
    perform fencepost.ring_workers(ringing);
  end loop;
  return coalesce(revived, '{}');
end
$$;
