-- Takes the guard off a table and its partitions. False if there was none.
create or replace function fencepost.unprotect(relation regclass)
  returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  ours record;
begin
  if exists (
    select from pg_catalog.pg_trigger
    where tgrelid = unprotect.relation and tgfoid = 'fencepost.refuse_truncate()'::regprocedure and tgparentid <> 0
  ) then
    raise exception 'table % is protected as a partition', unprotect.relation
      using errcode = 'object_not_in_prerequisite_state', hint = 'Unprotect, or protect, the table it is a partition of.';
  end if;

  for ours in
    select tgname, tgrelid::regclass as relation
    from fencepost.family(unprotect.relation) as member
    join pg_catalog.pg_trigger on tgrelid = member
    where tgfoid = 'fencepost.refuse_truncate()'::regprocedure and tgparentid = 0
  loop
    -- dynamic: a trigger's name and table cannot be parameters.
    execute format('drop trigger %I on %s', ours.tgname, ours.relation);
  end loop;
  return found;
end
$$;
