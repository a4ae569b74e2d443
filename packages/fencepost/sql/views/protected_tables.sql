-- What is protected, by which rule, and what came since: partitions that can be truncated, and tables that inherit from it and can be
-- written, until fencepost.protect is called again.
create or replace view fencepost.protected_tables as
  select
    tgrelid::regclass as relation,
    rule ->> 'lock_name' as lock_name,
    rule ->> 'mode' as mode,
    rule ->> 'namespace' as namespace,
    array(
      select member
      from fencepost.family(tgrelid) as member
      where not exists (
        select from pg_catalog.pg_trigger as other
        where other.tgrelid = member and other.tgname = 'fencepost_truncate' and other.tgfoid = pg_trigger.tgfoid
      )
    ) as truncatable,
    array(
      select member
      from fencepost.family(tgrelid) as member
      where (
        select count(*)
        from pg_catalog.pg_trigger as other
        where other.tgrelid = member and other.tgfoid = pg_trigger.tgfoid and other.tgenabled in ('O', 'A')
          and other.tgname in ('fencepost_insert', 'fencepost_update', 'fencepost_delete')
      ) < 3
    ) as unprotected
  from pg_catalog.pg_trigger
  cross join lateral (select fencepost.rule_of(tgargs) as rule) as told
  where tgfoid = 'fencepost.refuse_truncate()'::regprocedure and tgname = 'fencepost_insert' and tgparentid = 0
    and rule is not null;
