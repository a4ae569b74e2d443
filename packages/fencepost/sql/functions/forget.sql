-- Lets go of whatever this connection holds of a name; false if it does not hold its key. It finds the token by itself, also where the
-- key was not reached after it: those who share the token would seem to hold it still.
create or replace function fencepost.forget(key bigint, gate bigint)
  returns boolean
  language plpgsql
as $$
declare
  mine constant bigint[] := array(select held.key from fencepost.held_keys(pg_backend_pid()) as held);
  token constant bigint := fencepost.held_token(gate, mine);
begin
  if token % 2 = 0 then
    perform pg_advisory_unlock(fencepost.token_key(gate, token));
  elsif token is not null then
    perform pg_advisory_unlock_shared(fencepost.token_key(gate, token));
  end if;
  return case (select held.mode from fencepost.held_keys(pg_backend_pid()) as held where held.key = forget.key)
    when 'shared' then pg_advisory_unlock_shared(forget.key)
    when 'exclusive' then pg_advisory_unlock(forget.key)
    else false
  end;
end
$$;
