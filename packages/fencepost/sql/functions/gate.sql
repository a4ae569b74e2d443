-- The second advisory key of a name: guarded transactions pass it in shared mode and keep it to their end, an acquisition
-- closes it for the moment in which it raises the token.
create or replace function fencepost.gate(name text, namespace text default 'default')
  returns bigint
  language sql immutable strict parallel safe
as $$
  select fencepost.gate_of(fencepost.key(gate.name, gate.namespace))
$$;
