-- The advisory key of a name. The library computes the same number; golden vectors keep the two together.
-- In plpgsql, which keeps the plan: in SQL it would be parsed anew in each transaction, as convert_to lets nobody put it in place of the call.
create or replace function fencepost.key(name text, namespace text default 'default')
  returns bigint
  language plpgsql immutable strict parallel safe
as $$
begin
  return ('x' || encode(substr(sha256(convert_to('fencepost:' || key.namespace || ':' || key.name, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint;
end
$$;
