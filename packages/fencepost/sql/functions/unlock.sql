-- Gives a session lock back; false (and a warning) if this connection does not hold it.
create or replace function fencepost.unlock(name text, namespace text default 'default')
  returns boolean
  language sql
as $$
  select pg_advisory_unlock(fencepost.key(unlock.name, unlock.namespace))
$$;
