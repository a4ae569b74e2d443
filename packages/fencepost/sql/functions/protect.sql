-- Lets a table be written only by transactions that have a live token of the row's lock, whatever program they come from. lock_name is its
-- name, with {column} for columns of the row. mode 'refuse' refuses other writes, 'report' only records them. Called again it changes
-- the rule, reads the columns that have these names by now, and covers partitions that came since. Returns how many tables are covered.
create or replace function fencepost.protect(
  relation regclass, lock_name text, mode text default 'refuse', namespace text default 'default'
)
  returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  -- With the numbers of the columns: a trigger follows a column that is renamed, and another may bear its name by now.
  rule constant text := jsonb_build_object(
    'lock_name', protect.lock_name, 'mode', protect.mode, 'namespace', protect.namespace, 'columns', (
      select jsonb_agg(attnum order by attnum)
      from pg_catalog.pg_attribute
      where attrelid = protect.relation and attnum > 0 and not attisdropped and attname in (
        select btrim(piece[1], '{}') from regexp_matches(protect.lock_name, '\{\{|\}\}|\{[^{}]+\}', 'g') as piece
      )
    )
  )::text;
  member regclass;
  count integer := 0;
begin
  perform fencepost.check_rule(protect.relation, protect.mode, protect.namespace);
  -- Several processes that do this when they start come one after the other, and find it done.
  perform pg_advisory_xact_lock(fencepost.key('protect', ''));
  if not fencepost.is_protected(protect.relation, rule) then
    perform fencepost.unprotect(protect.relation);
    for member in select family from fencepost.family(protect.relation) as family loop
      perform fencepost.add_triggers(member, protect.relation, rule);
    end loop;
  end if;
  select count(*) into count from fencepost.family(protect.relation);
  return count;
end
$$;
