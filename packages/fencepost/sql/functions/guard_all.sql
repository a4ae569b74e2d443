-- Guards a transaction with several fences, as guard does with one: for the message of COMMIT.
create or replace function fencepost.guard_all(fences bigint[], names text[], namespace text)
  returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- Local to the transaction that open_guarded began. fencepost.fences may be of the session, and guards add to it.
  if current_setting('fencepost.guarded', true) is distinct from guard_all.fences::text then
    raise exception 'the guarded transaction was ended before its COMMIT, by somebody else'
      using errcode = 'invalid_transaction_state', hint = 'Send no BEGIN, COMMIT or ROLLBACK in it.';
  end if;
  for i in 1 .. cardinality(guard_all.names) loop
    if not coalesce(fencepost.pass_gate(
      fencepost.gate_of(guard_all.fences[i * 3 - 2]), guard_all.fences[i * 3 - 1], guard_all.fences[i * 3]
    ), false) then
      perform fencepost.refuse_token(guard_all.names[i], guard_all.fences[i * 3 - 1], guard_all.namespace);
    end if;
  end loop;
  return true;
end
$$;
