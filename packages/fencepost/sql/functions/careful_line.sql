-- The head of the line of a queue, in order: of the jobs that need a look at others, and in a queue with a limit of its own of all.
create or replace function fencepost.careful_line(queue text, is_limited boolean, most integer)
  returns table (id bigint, name text, group_key text, crashes integer)
  language plpgsql
  set enable_seqscan = off
as $$
begin
  if not careful_line.is_limited then
    return query
    select job.id, job.name, job.group_key, job.crashes
    from fencepost.jobs as job
    where job.queue = careful_line.queue and job.state = 'ready' and not job.is_plain
    order by job.priority, job.id
    limit careful_line.most;
    return;
  end if;

  -- Each from an index of its own, and so many of either: one kind that may not run keeps no job of the other from being looked at.
  return query
  select job.id, job.name, job.group_key, job.crashes
  from (
    (
      select plain.priority, plain.id, plain.name, plain.group_key, plain.crashes
      from fencepost.jobs as plain
      where plain.queue = careful_line.queue and plain.state = 'ready' and plain.is_plain
      order by plain.priority, plain.id
      limit careful_line.most
    )
    union all
    (
      select careful.priority, careful.id, careful.name, careful.group_key, careful.crashes
      from fencepost.jobs as careful
      where careful.queue = careful_line.queue and careful.state = 'ready' and not careful.is_plain
      order by careful.priority, careful.id
      limit careful_line.most
    )
  ) as job
  order by job.priority, job.id;
end
$$;
