-- How much of the lock table, as it is configured, is still free. The table is shared by all sessions; it holds up to 1.8 times as many
-- (measured), so whoever keeps to this leaves the others room.
create or replace function fencepost.free_lock_slots()
  returns integer
  language sql
as $$
  select current_setting('max_locks_per_transaction')::integer
    * (current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer)
    - (select count(*)::integer from pg_catalog.pg_locks where not fastpath)
$$;
