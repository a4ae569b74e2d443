-- Has dead jobs begin anew, with all their attempts, the oldest first: of a queue and of a name where they are given. Says how many. One
-- whose key another job has in the meantime stays dead.
create or replace function fencepost.redrive_jobs(queue text default null, name text default null, most integer default 1000)
  returns integer
  language plpgsql
as $$
declare
  ids bigint[];
begin
  select coalesce(array_agg(one.id), '{}') into ids
  from (
    select dead.id
    from fencepost.finished_jobs as dead
    where dead.state = 'dead'
      and (redrive_jobs.queue is null or dead.queue = redrive_jobs.queue)
      and (redrive_jobs.name is null or dead.name = redrive_jobs.name)
      -- Or the same ones would be found again each time.
      and not fencepost.has_twin(dead, '{}')
    order by dead.id
    limit redrive_jobs.most
    for update skip locked
  ) as one;
  return cardinality(fencepost.revive_jobs(ids));
end
$$;
