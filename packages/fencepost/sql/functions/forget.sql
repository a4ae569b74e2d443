-- Lets go of whatever this connection holds of a name; false if that was nothing. It finds the token by itself.
create or replace function fencepost.forget(key bigint, gate bigint)
  returns boolean
  language plpgsql
as $$
declare
  mine constant bigint[] := array(select held.key from fencepost.held_keys(pg_backend_pid()) as held);
  mode constant text := (
    select held.mode from fencepost.held_keys(pg_backend_pid()) as held where held.key = forget.key
  );
  token_key constant bigint := fencepost.token_key(gate, fencepost.held_token(gate, mine));
begin
  if mode = 'shared' then
    perform pg_advisory_unlock_shared(token_key);
    return pg_advisory_unlock_shared(forget.key);
  elsif mode = 'exclusive' then
    perform pg_advisory_unlock(token_key);
    return pg_advisory_unlock(forget.key);
  end if;
  return false;
end
$$;
