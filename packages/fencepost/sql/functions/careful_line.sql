-- The head of the line of the jobs of a queue that need a look at others, in order, from its very head or from where this session has seen it begin.
create or replace function fencepost.careful_line(queue text, is_fresh boolean, most integer)
  returns table (id bigint, name text, group_key text, crashes integer)
  language plpgsql
  set enable_seqscan = off
as $$
declare
  first_priority integer;
  first_id bigint;
begin
  if careful_line.is_fresh then
    return query
    select job.id, job.name, job.group_key, job.crashes
    from fencepost.jobs as job
    where job.queue = careful_line.queue and job.state = 'ready' and not job.is_plain
    order by job.priority, job.id
    limit careful_line.most;
    return;
  end if;

  select start.priority, start.id into first_priority, first_id
  from fencepost.careful_start(careful_line.queue, false) as start;
  return query
  select job.id, job.name, job.group_key, job.crashes
  from fencepost.jobs as job
  where job.queue = careful_line.queue and job.state = 'ready' and not job.is_plain
    and (job.priority, job.id) >= (first_priority, first_id)
  order by job.priority, job.id
  limit careful_line.most;
end
$$;
