-- The advisory locks of this database, held and waited for, at one moment; for advisory_locks.
create or replace function fencepost.lock_table()
  returns pg_locks[]
  language sql
as $$
  select array(
    select lock
    from pg_catalog.pg_locks as lock
    where locktype = 'advisory' and database = (select oid from pg_catalog.pg_database where datname = current_database())
  )
$$;
