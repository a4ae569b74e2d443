-- The advisory locks on 64-bit keys that are granted in this database; only this backend's, if told so.
create or replace function fencepost.held_keys(backend integer default null)
  returns table (key bigint, mode text, backend integer)
  language sql stable
as $$
  select seen.key, seen.mode, seen.backend
  from fencepost.advisory_locks() as seen
  where seen.granted and seen.key is not null and (held_keys.backend is null or seen.backend = held_keys.backend)
$$;
