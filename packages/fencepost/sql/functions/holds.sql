-- Whether this backend holds an advisory key. One backend never waits for itself, so it has to ask.
create or replace function fencepost.holds(key bigint)
  returns boolean
  language sql
as $$
  select exists (
    select from pg_locks
    where locktype = 'advisory' and objsubid = 1 and granted and pid = pg_backend_pid()
      and database = (select oid from pg_database where datname = current_database())
      and (classid::bigint << 32) | objid::bigint = holds.key
  )
$$;
