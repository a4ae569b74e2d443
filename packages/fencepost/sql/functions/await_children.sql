-- Has jobs wait that come back while children of theirs are not done, and says how many wait. Children that end just now are waited for: they
-- would not find their parent.
create or replace function fencepost.await_children(ids bigint[])
  returns bigint
  language plpgsql
as $$
declare
  waiting bigint;
begin
  perform from fencepost.jobs as child where child.parent = any (await_children.ids) order by child.id for share;
  with counted as (
    select one.parent, count(*)::integer as children
    from (
      select live.parent from fencepost.jobs as live where live.parent = any (await_children.ids)
      union all
      select dead.parent from fencepost.finished_jobs as dead
      where dead.parent = any (await_children.ids) and dead.state = 'dead'
    ) as one
    group by one.parent
  ), told as (
    update fencepost.jobs as job
    set state = 'waiting', children = counted.children
    from counted
    where job.id = counted.parent
    returning job.id
  )
  select count(*) into waiting from told;
  return waiting;
end
$$;
