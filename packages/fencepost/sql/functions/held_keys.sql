-- The advisory locks on 64-bit keys that are granted in this database; only this backend's, if told so.
create or replace function fencepost.held_keys(backend integer default null)
  returns table (key bigint, mode text, backend integer)
  language sql stable
as $$
  select (classid::bigint << 32) | objid::bigint, case mode when 'ShareLock' then 'shared' else 'exclusive' end, pid
  from pg_catalog.pg_locks
  where locktype = 'advisory' and objsubid = 1 and granted
    and database = (select oid from pg_catalog.pg_database where datname = current_database())
    and (held_keys.backend is null or pid = held_keys.backend)
$$;
