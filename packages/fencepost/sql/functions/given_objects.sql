-- What role_grants comes to in this installation: each object that exists, as a grant names it, and what a role is to have of it.
create or replace function fencepost.given_objects()
  returns table (role text, kind text, object text, privileges text)
  language sql stable
as $$
  with listed as materialized (
    select * from fencepost.role_grants()
  )
  select listed.role, listed.kind, class.oid::regclass::text, listed.privileges
  from listed
  join pg_catalog.pg_class as class on class.relname = listed.name
    and class.relkind = any(case listed.kind when 'sequence' then '{S}' else '{r,v,p}' end::"char"[])
  where class.relnamespace = 'fencepost'::regnamespace and listed.role <> 'owner' and listed.kind <> 'routine'
  union all
  select coalesce(listed.role, 'use'), 'routine', routine.oid::regprocedure::text, 'execute'
  from pg_catalog.pg_proc as routine
  left join listed on listed.name = routine.proname and listed.kind = 'routine'
  where routine.pronamespace = 'fencepost'::regnamespace
    and coalesce(listed.role, case when routine.prosecdef then 'owner' else 'use' end) <> 'owner'
$$;
