-- Enqueues a job and, before it, those that have to be done first: {"name": …, "payload": …, "children": [the same again, …]}. Besides there may be
-- queue, priority, attempts, run_at (a time), delay (an interval), keep (an interval), group, and isLimited, which says that the definition of
-- the job has limits. Says the ids, each parent before its children; a parent waits until all its children are done.
create or replace function fencepost.enqueue_flow(flow jsonb, parent bigint default null)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  queue constant text := coalesce(flow ->> 'queue', 'default');
  due constant timestamptz := coalesce((flow ->> 'run_at')::timestamptz, now + (flow ->> 'delay')::interval, now);
  children constant jsonb := coalesce(nullif(flow -> 'children', 'null'), '[]');
  root bigint;
  ids bigint[];
  child jsonb;
begin
  insert into fencepost.jobs as job (
    queue, name, state, priority, payload, run_at, enqueued_at, attempts, is_plain, group_key, keep, parent, children
  )
  values (
    queue, flow ->> 'name',
    case when children <> '[]' then 'waiting' when due > now then 'delayed' else 'ready' end,
    coalesce((flow ->> 'priority')::integer, 0), coalesce(flow -> 'payload', 'null'), due, now,
    coalesce((flow ->> 'attempts')::integer, 5),
    fencepost.is_plain_job(flow ->> 'name', flow ->> 'group') and (flow ->> 'isLimited')::boolean is not true,
    flow ->> 'group', (flow ->> 'keep')::interval, enqueue_flow.parent, jsonb_array_length(children)
  )
  returning job.id into root;
  ids := array[root];
  if children = '[]' then
    perform fencepost.ring_workers(queue);
  end if;
  for child in select one.value from jsonb_array_elements(children) with ordinality as one (value, place) order by one.place loop
    ids := ids || fencepost.enqueue_flow(child, root);
  end loop;
  return ids;
end
$$;
