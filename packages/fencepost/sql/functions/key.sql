-- The advisory key of a name. The library computes the same number; golden vectors keep the two together.
create or replace function fencepost.key(name text, namespace text default 'default')
  returns bigint
  language sql immutable strict parallel safe
as $$
  select ('x' || encode(substr(sha256(convert_to('fencepost:' || key.namespace || ':' || key.name, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
$$;
