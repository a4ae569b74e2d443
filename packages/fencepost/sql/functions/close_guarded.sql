-- Guards the transaction that open_guarded began with its fences, each as guard does: for the message of COMMIT. A procedure, as CALL
-- answers with no row, which costs both sides less.
create or replace procedure fencepost.close_guarded(fences bigint[], names text[], namespace text)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- Local to the transaction that open_guarded began.
  if current_setting('fencepost.guarded', true) is distinct from close_guarded.fences::text then
    raise exception 'the guarded transaction was ended before its COMMIT, by somebody else'
      using errcode = 'invalid_transaction_state', hint = 'Send no BEGIN, COMMIT or ROLLBACK in it.';
  end if;
  for i in 1 .. cardinality(close_guarded.names) loop
    if not coalesce(fencepost.pass_gate(
      fencepost.gate_of(close_guarded.fences[i * 3 - 2]), close_guarded.fences[i * 3 - 1], close_guarded.fences[i * 3]
    ), false) then
      perform fencepost.refuse_token(close_guarded.names[i], close_guarded.fences[i * 3 - 1], close_guarded.namespace);
    end if;
  end loop;
  -- Who has chosen to hear of errors only has to hear the warning that a COMMIT is not on the synchronous standby.
  if current_setting('client_min_messages') = 'error' then
    perform set_config('client_min_messages', 'warning', true);
  end if;
end
$$;
