-- Lets go of whatever this connection holds of a name; false if that was nothing. It finds the token by itself.
create or replace function fencepost.forget(key bigint, gate bigint)
  returns boolean
  language plpgsql
as $$
declare
  mine constant bigint[] := array(
    select held.key from fencepost.held_keys(pg_backend_pid()) as held where held.mode = 'exclusive'
  );
begin
  if not forget.key = any(mine) then
    return false;
  end if;
  perform pg_advisory_unlock(fencepost.token_key(forget.gate, fencepost.held_token(forget.gate, mine)));
  return pg_advisory_unlock(forget.key);
end
$$;
