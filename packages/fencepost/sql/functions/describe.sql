-- Writes down by name what a session holds; sent a moment after the grant, so that short locks write nothing.
create or replace function fencepost.describe(session bigint, key bigint, namespace text, name text, held_for interval)
  returns boolean
  language plpgsql
as $$
begin
  insert into fencepost.holders (session, key, namespace, name, acquired_at)
  values (describe.session, describe.key, describe.namespace, describe.name, clock_timestamp() - describe.held_for)
  on conflict do nothing;
  return found;
end
$$;
