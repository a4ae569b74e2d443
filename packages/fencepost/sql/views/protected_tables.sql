-- What is protected, by which rule, and which of its partitions came since and can be truncated until fencepost.protect is called again.
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
    ) as truncatable
  from pg_catalog.pg_trigger
  cross join lateral (select convert_from(rtrim(tgargs, '\x00'), getdatabaseencoding())::jsonb as rule) as told
  where tgfoid = 'fencepost.refuse_truncate()'::regprocedure and tgname = 'fencepost_insert' and tgparentid = 0;
