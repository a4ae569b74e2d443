-- Has dead jobs begin anew, with all their attempts, the oldest first: of a queue, of a name and of a namespace where they are given. Says how
-- many. One whose key another job has in the meantime stays dead.
create or replace function fencepost.redrive_jobs(
  queue text default null, name text default null, most integer default 1000, namespace text default null
)
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
      and (redrive_jobs.namespace is null or fencepost.namespace_of(dead.queue) = redrive_jobs.namespace)
      -- Or the same ones would be found again each time.
      and not fencepost.has_twin(dead)
    order by dead.id
    limit redrive_jobs.most
  ) as one;
  return cardinality(fencepost.revive_jobs(ids));
end
$$;
