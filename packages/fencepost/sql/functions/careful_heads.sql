-- The first jobs of the lanes of a queue between two places of the ring on which they lie, so that a long lane whose first job may not run
-- costs one step. A lane is a group or, without one, a name; jobs_lanes has them, by a hash that strews them over the ring.
create or replace function fencepost.careful_heads(queue text, after bigint, until bigint, lanes integer, each integer)
  returns table (id bigint, name text, group_key text, crashes integer)
  language plpgsql
  -- A plan made while the table was small would go through it.
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_sort = off
as $$
begin
  return query
  with recursive head (lane, number) as (
    select careful_heads.after, 0
    union all
    select next.lane, head.number + 1
    from head cross join lateral (
      select hashtextextended(coalesce('group:' || job.group_key, 'job:' || job.name), 0) as lane
      from fencepost.jobs as job
      where job.queue = careful_heads.queue and job.state = 'ready' and not job.is_plain
        and hashtextextended(coalesce('group:' || job.group_key, 'job:' || job.name), 0) > head.lane
        and hashtextextended(coalesce('group:' || job.group_key, 'job:' || job.name), 0) <= careful_heads.until
      order by hashtextextended(coalesce('group:' || job.group_key, 'job:' || job.name), 0), job.priority, job.id
      limit 1
    ) as next
    where head.number < careful_heads.lanes
  )
  select first.id, first.name, first.group_key, first.crashes
  from head cross join lateral (
    select job.id, job.name, job.group_key, job.crashes
    from fencepost.jobs as job
    where job.queue = careful_heads.queue and job.state = 'ready' and not job.is_plain
      and hashtextextended(coalesce('group:' || job.group_key, 'job:' || job.name), 0) = head.lane
    order by job.priority, job.id
    limit careful_heads.each
  ) as first
  where head.number > 0;
end
$$;
