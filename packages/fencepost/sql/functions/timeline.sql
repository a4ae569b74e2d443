create or replace function fencepost.timeline()
  returns bigint
  language sql stable
as $$
  select ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint
$$;
