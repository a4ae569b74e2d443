-- Writes down by name what a session holds; sent a moment after the grant, so that short locks write nothing. It shares its
-- connection with others, so it does not wait for a table that somebody has locked; false then.
create or replace function fencepost.describe(
  session bigint, key bigint, holding bigint, namespace text, name text, scope bigint, held_for interval
)
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true);
  insert into fencepost.holders (session, key, holding, namespace, name, scope, acquired_at)
  values (
    describe.session, describe.key, describe.holding, describe.namespace, describe.name, describe.scope,
    clock_timestamp() - describe.held_for
  );
  return true;
exception
  when lock_not_available then
    return false;
end
$$;
