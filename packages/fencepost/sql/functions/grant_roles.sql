-- Creates the roles <prefix>_inspect, <prefix>_use and <prefix>_admin where they are missing, gives them what role_grants says and takes
-- everything else in the schema from them; from then on PUBLIC may execute nothing in it but what triggers call. Returns their names. Each migration does it again.
create or replace function fencepost.grant_roles(prefix text default 'fencepost')
  returns text[]
  language plpgsql
  -- Run by who may make roles: nobody else's function of a name that is used here may come first.
  set search_path = pg_catalog, pg_temp
as $$
declare
  roles constant text[] := array[prefix || '_inspect', prefix || '_use', prefix || '_admin'];
  statement text;
begin
  insert into fencepost.roles (prefix) values (grant_roles.prefix) on conflict do nothing;
  for i in 1 .. cardinality(roles) loop
    perform fencepost.create_role(roles[i]);
    if i > 1 and not pg_has_role(roles[i], roles[i - 1], 'member') then
      -- dynamic: names of roles.
      execute format('grant %I to %I', roles[i - 1], roles[i]);
    end if;
    -- dynamic: names of roles, here and below.
    execute format('revoke all on all tables in schema fencepost from %1$I; revoke all on all sequences in schema fencepost from %1$I;'
      'revoke all on all routines in schema fencepost from %1$I', roles[i]);
  end loop;
  -- dynamic: as above.
  execute format('grant usage on schema fencepost to %I', roles[1]);
  revoke all on all tables in schema fencepost from public;
  revoke execute on all routines in schema fencepost from public;

  for statement in
    select format('grant %s on %s %s to %s', given.privileges, given.kind, given.object,
      case given.role when 'public' then 'public' else quote_ident(grant_roles.prefix || '_' || given.role) end)
    from fencepost.given_objects() as given
  loop
    -- dynamic: as above.
    execute statement;
  end loop;
  return roles;
end
$$;
