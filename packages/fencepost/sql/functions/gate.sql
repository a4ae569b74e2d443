-- The second advisory key of a name, out of the same digest: guarded transactions pass it in shared mode and
-- keep it to their end, an acquisition closes it for the moment in which it raises the token.
create or replace function fencepost.gate(name text, namespace text default 'default')
  returns bigint
  language sql immutable strict parallel safe
as $$
  select ('x' || encode(substr(sha256(convert_to('fencepost:' || gate.namespace || ':' || gate.name, 'UTF8')), 9, 8), 'hex'))::bit(64)::bigint
$$;
