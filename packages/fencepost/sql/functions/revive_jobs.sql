-- Has finished jobs begin anew, with all their attempts, under the ids and parents they had, and says which. Passed over: what is not finished, and a
-- job whose key another one has in the meantime. The parent of a job that was done or cancelled is told that it is to wait
-- once more, if it still waits.
create or replace function fencepost.revive_jobs(ids bigint[])
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  revived bigint[];
  told bigint[];
  rung text;
begin
  perform fencepost.take_finished_keys(revive_jobs.ids);
  with gone as (
    delete from fencepost.finished_jobs as finished
    where finished.id = any (array(
      select one.id
      from (
        select twin.id, fencepost.has_twin(twin) as has_twin, twin.key,
          row_number() over (partition by fencepost.key_scope(twin.queue, twin.name), twin.key order by twin.id) as place
        from fencepost.finished_jobs as twin
        where twin.id = any (revive_jobs.ids)
      ) as one
      where one.key is null or (one.place = 1 and not one.has_twin)
    ))
    returning finished.*
  ), back as (
    insert into fencepost.jobs as job (
      id, queue, name, state, priority, payload, run_at, enqueued_at, attempts, is_plain, key, group_key, parent, keep
    )
    overriding system value
    select gone.id, gone.queue, gone.name, 'ready', gone.priority, gone.payload, now, gone.enqueued_at, gone.attempts,
      fencepost.is_plain_job(gone.name, gone.group_key), gone.key, gone.group_key, gone.parent, gone.keep
    from gone
    order by gone.id
    returning job.id
  )
  select coalesce(array_agg(back.id), '{}'), array_agg(back.id) filter (where gone.parent is not null and gone.state <> 'dead')
  into revived, told
  from back join gone using (id);
  if told is not null then
    perform fencepost.rejoin_parents(told);
  end if;
  perform fencepost.await_children(revived);
  for rung in select distinct job.queue from fencepost.jobs as job where job.id = any (revived) loop
    perform fencepost.ring_workers(rung);
  end loop;
  return revived;
end
$$;
