-- Says which lock a refused write needs, and how to have its token.
create or replace function fencepost.refuse_write(name text, relation regclass, namespace text, token bigint)
  returns boolean
  language plpgsql
as $$
declare
  table_name constant text := refuse_write.relation::text;
begin
  if refuse_write.name is null then
    raise exception 'a row of table % has no lock name: a column of its name is null', table_name
      using errcode = 'LK005', table = table_name,
        hint = 'Make the column not null, or select fencepost.bypass(''why'') in the transaction that repairs it.';
  elsif refuse_write.token is null then
    raise exception 'a write to table % needs lock "%", and this transaction has no token of it', table_name, refuse_write.name
      using errcode = 'LK005', table = table_name, constraint = refuse_write.name,
        hint = 'Take the lock and write in lock.transaction(), call lock.guard(tx) before the write, or start the program with the settings '
          '''fencepost.name'' and ''fencepost.token''. For maintenance, select fencepost.bypass(''why'') in the transaction.';
  end if;
  raise exception 'token % of lock "%" is stale, the write to table % is refused', refuse_write.token, refuse_write.name, table_name
    using errcode = 'LK001', table = table_name, constraint = refuse_write.name,
      detail = fencepost.held_now(refuse_write.name, refuse_write.namespace),
      hint = 'Somebody else may have done the work. Do not retry with this token; take the lock again and look.';
end
$$;
