-- The token for a shared holder whose transaction holds the key and the mutex, if it is to be had at once; null means busy. Later ones share the
-- token of the first, who draws it through the gate, so that guarded transactions of the exclusive holder before have ended.
create or replace function fencepost.try_share(key bigint, gate bigint)
  returns bigint
  language plpgsql
as $$
declare
  token bigint;
begin
  token := fencepost.shared_token(key, gate);
  if token is null and pg_try_advisory_xact_lock(gate) then
    -- Somebody else may have drawn it between our look and the gate.
    token := coalesce(fencepost.shared_token(key, gate), fencepost.draw_shared_token(key));
  end if;
  return token;
end
$$;
