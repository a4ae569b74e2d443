-- Writes down by name what a session holds; sent a moment after the grant, so that short locks write nothing. It shares its
-- connection with others, so it does not wait for a table that somebody has locked; false then.
create or replace function fencepost.describe(
  session bigint, keys bigint[], holdings bigint[], namespaces text[], names text[], scopes bigint[], held_for_ms float8[]
)
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true);
  insert into fencepost.holders (session, key, holding, namespace, name, scope, acquired_at)
  select describe.session, one.key, one.holding, one.namespace, one.name, one.scope,
    clock_timestamp() - one.held_for_ms * interval '1 ms'
  from unnest(
    describe.keys, describe.holdings, describe.namespaces, describe.names, describe.scopes, describe.held_for_ms
  ) as one (key, holding, namespace, name, scope, held_for_ms);
  return true;
exception
  when lock_not_available then
    return false;
end
$$;
