-- Passes the gate, for the rest of the transaction, and says whether the token is good behind it. Of an AND the left side comes first.
-- The probes that settle it as a rule stand here as well as in is_good, which is one call more for each.
create or replace function fencepost.pass_gate(gate bigint, token bigint, session bigint)
  returns boolean
  language plpgsql
as $$
begin
  if pg_advisory_xact_lock_shared(pass_gate.gate) is not null
    and pass_gate.token % 2 = 0
    and pass_gate.session is not null
    and not pg_try_advisory_xact_lock_shared(fencepost.token_key(pass_gate.gate, pass_gate.token))
    and not pg_try_advisory_xact_lock_shared(pass_gate.session)
  then
    return true;
  end if;
  return fencepost.is_good(pass_gate.gate, pass_gate.token, pass_gate.session);
end
$$;
