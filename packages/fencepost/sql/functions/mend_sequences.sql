-- Makes our sequences anew if a promotion has lost them. A standby of PostgreSQL 18 (18.4; not 15.18) that is promoted before
-- its first restartpoint since an unlogged sequence was created finds it without its row, and nextval fails ("bad magic number in sequence").
-- What they had counted to is lost with any promotion. For their owner's rights, as whoever comes first after the promotion may
-- have none; it does nothing to sequences that are whole. Returns whether it did something.
create or replace function fencepost.mend_sequences()
  returns boolean
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  grants text[];
  given text;
begin
  if exists (select from fencepost.tokens) and exists (select from fencepost.tickets) then
    return false;
  end if;

  grants := array(
    select format('grant %s on sequence fencepost.%I to %s', acl.privilege_type, class.relname,
      case acl.grantee when 0 then 'public' else quote_ident(role.rolname) end)
    from pg_catalog.pg_class as class
    cross join aclexplode(class.relacl) as acl
    left join pg_catalog.pg_roles as role on role.oid = acl.grantee
    where class.oid in ('fencepost.tokens'::regclass, 'fencepost.tickets'::regclass)
  );
  drop sequence fencepost.tokens;
  alter table fencepost.waiters alter column ticket drop default;
  drop sequence fencepost.tickets;
  -- dynamic: servers before 15, which never come here, cannot parse it.
  execute 'create unlogged sequence fencepost.tokens';
  -- dynamic: the same.
  execute 'create unlogged sequence fencepost.tickets';
  alter table fencepost.waiters alter column ticket set default nextval('fencepost.tickets');

  foreach given in array grants loop
    -- dynamic: identifiers.
    execute given;
  end loop;
  return true;
end
$$;
