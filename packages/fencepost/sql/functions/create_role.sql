-- A role to be granted to others, which nobody can log in as. One that exists must be such a role: others may have it.
create or replace function fencepost.create_role(role text)
  returns boolean
  language plpgsql
  -- Run by who may make roles: nobody else's function of a name that is used here may come first.
  set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from pg_catalog.pg_roles as found
    where found.rolname = create_role.role and (found.rolcanlogin or found.rolsuper or found.rolcreaterole or found.rolbypassrls)
  ) then
    raise exception 'role "%" exists and is more than a role to be granted', create_role.role
      using errcode = 'duplicate_object', hint = 'Choose another prefix.';
  end if;
  if to_regrole(quote_ident(create_role.role)) is not null then
    return false;
  end if;
  -- dynamic: the name of a role.
  execute format('create role %I nologin', create_role.role);
  return true;
exception
  when unique_violation then
    -- Somebody else has just made it.
    return false;
end
$$;
