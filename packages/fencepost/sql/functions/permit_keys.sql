-- The advisory keys of so many permits of a semaphore, by their numbers.
create or replace function fencepost.permit_keys(namespace text, name text, permits integer)
  returns bigint[]
  language sql immutable strict
as $$
  select array_agg(fencepost.key(permit_keys.name || '#' || number, fencepost.semaphore_lock(permit_keys.namespace)) order by number)
  from generate_series(1, permit_keys.permits) as number
$$;
