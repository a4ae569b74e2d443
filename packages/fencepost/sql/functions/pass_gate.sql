-- Passes the gate, for the rest of the transaction, and says whether the token is good behind it. In one expression, which costs less
-- than a statement; of an AND the left side comes first.
create or replace function fencepost.pass_gate(gate bigint, token bigint, session bigint)
  returns boolean
  language plpgsql
as $$
begin
  return pg_advisory_xact_lock_shared(pass_gate.gate) is not null
    and fencepost.is_good(pass_gate.gate, pass_gate.token, pass_gate.session);
end
$$;
