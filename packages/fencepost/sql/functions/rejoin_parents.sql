-- Has the parents of these jobs wait for them again, where they still wait for others; the jobs whose parent does not are nobody's children any more.
-- Says how many those are. For jobs that come back after they were done or cancelled, which their parents were told of.
create or replace function fencepost.rejoin_parents(ids bigint[])
  returns bigint
  language plpgsql
as $$
declare
  orphans bigint;
begin
  -- In one order, as end_children has it.
  perform from fencepost.jobs as parent
  where parent.state = 'waiting'
    and parent.id in (select child.parent from fencepost.jobs as child where child.id = any (rejoin_parents.ids))
  order by parent.id
  for update;

  with counted as (
    select child.parent, count(*)::integer as children
    from fencepost.jobs as child
    where child.id = any (rejoin_parents.ids)
    group by child.parent
  ), waiting as (
    update fencepost.jobs as parent
    set children = parent.children + counted.children
    from counted
    where parent.id = counted.parent and parent.state = 'waiting'
    returning parent.id
  ), orphaned as (
    update fencepost.jobs as child
    set parent = null
    where child.id = any (rejoin_parents.ids) and child.parent is not null
      and not exists (select from waiting where waiting.id = child.parent)
    returning child.id
  )
  select count(*) into orphans from orphaned;
  return orphans;
end
$$;
