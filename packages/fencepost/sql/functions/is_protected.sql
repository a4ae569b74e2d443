-- Whether a table is protected by exactly this rule, and all its partitions are.
create or replace function fencepost.is_protected(relation regclass, rule text)
  returns boolean
  language sql stable
as $$
  select bool_and(
    (
      select count(*) filter (where tgargs = convert_to(is_protected.rule, getdatabaseencoding()) || '\x00')
      from pg_catalog.pg_trigger
      where tgrelid = member and tgfoid = 'fencepost.refuse_truncate()'::regprocedure and tgenabled in ('O', 'A')
    ) = 4
  )
  from fencepost.family(is_protected.relation) as member
$$;
