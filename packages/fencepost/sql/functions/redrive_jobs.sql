-- Has dead jobs begin anew, with all their attempts, the oldest first: of a queue and of a name where they are given. Says how many; a
-- job whose key has a new one stays dead.
create or replace function fencepost.redrive_jobs(queue text default null, name text default null, most integer default 1000)
  returns integer
  language plpgsql
as $$
declare
  ids bigint[];
begin
  select array_agg(one.id) into ids
  from (
    select dead.id
    from fencepost.finished_jobs as dead
    where dead.state = 'dead'
      and (redrive_jobs.queue is null or dead.queue = redrive_jobs.queue)
      and (redrive_jobs.name is null or dead.name = redrive_jobs.name)
      and not exists (select from fencepost.jobs as other where other.name = dead.name and other.key = dead.key)
    order by dead.id
    limit redrive_jobs.most
    for update of dead skip locked
  ) as one;
  return cardinality(fencepost.revive_jobs(coalesce(ids, '{}')));
end
$$;
