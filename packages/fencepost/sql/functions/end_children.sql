-- Counts down the children of these parents, one for each time that one is named, and makes those ready that have none left. Says which.
-- Called when a child is done or cancelled; for one that is dead its parent waits, as it may be redriven.
create or replace function fencepost.end_children(parents bigint[])
  returns bigint[]
  language plpgsql
as $$
declare
  released bigint[];
  queues text[];
begin
  if coalesce(cardinality(end_children.parents), 0) = 0 then
    return '{}';
  end if;
  -- In one order, so that two that end children of the same parents do not wait for each other.
  perform from fencepost.jobs as job
  where job.id = any (end_children.parents) and job.state = 'waiting'
  order by job.id
  for update;

  with ended as (
    select parent, count(*)::integer as children from unnest(end_children.parents) as parent group by parent
  ), counted as (
    update fencepost.jobs as job
    set children = greatest(job.children - ended.children, 0),
      state = case
        when job.children > ended.children then 'waiting'
        when job.run_at > fencepost.job_clock() then 'delayed'
        else 'ready'
      end
    from ended
    where job.id = ended.parent and job.state = 'waiting'
    returning job.id, job.queue, job.state
  )
  select array_agg(counted.id), array_agg(distinct counted.queue) filter (where counted.state = 'ready')
  into released, queues
  from counted
  where counted.state <> 'waiting';
  perform fencepost.ring_workers(queue) from unnest(queues) as queue order by queue;
  return coalesce(released, '{}');
end
$$;
