-- What identifies this run of this database: a crash empties the table the marker stands in, a promotion changes
-- the timeline, a copy the cluster or the database, a restore the table. pg_control_checkpoint() would lag behind a promotion.
create or replace function fencepost.boot_marker()
  returns text
  language sql stable
as $$
  select control.system_identifier || '/' || fencepost.timeline() || '/' || database.oid || '/' || 'fencepost.boot'::regclass::oid
  from pg_catalog.pg_control_system() as control, pg_catalog.pg_database as database
  where database.datname = current_database()
$$;
