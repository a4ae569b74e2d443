-- The head of the line of a queue with a limit of its own, in order: plain jobs and others. Each from an index of its own, and so many of either: one
-- kind that may not run keeps no job of the other from being looked at.
create or replace function fencepost.limited_line(queue text, most integer)
  returns table (id bigint, name text, group_key text, crashes integer)
  language plpgsql
  set enable_seqscan = off
as $$
begin
  return query
  select job.id, job.name, job.group_key, job.crashes
  from (
    (
      select plain.priority, plain.id, plain.name, plain.group_key, plain.crashes
      from fencepost.jobs as plain
      where plain.queue = limited_line.queue and plain.state = 'ready' and plain.is_plain
      order by plain.priority, plain.id
      limit limited_line.most
    )
    union all
    (
      select careful.priority, careful.id, careful.name, careful.group_key, careful.crashes
      from fencepost.jobs as careful
      where careful.queue = limited_line.queue and careful.state = 'ready' and not careful.is_plain
      order by careful.priority, careful.id
      limit limited_line.most
    )
  ) as job
  order by job.priority, job.id;
end
$$;
