-- Gives a session lock back; false if this connection does not hold it.
create or replace function fencepost.unlock(name text, namespace text default 'default')
  returns boolean
  language sql
as $$
  select fencepost.forget(fencepost.key(unlock.name, unlock.namespace), fencepost.gate(unlock.name, unlock.namespace))
$$;
