-- The third advisory key of a name, one for each token: its holder keeps it for as long as it holds the lock, so whoever
-- has the token can ask whether it is still good. Undone by the same xor, it shows the token in pg_locks.
create or replace function fencepost.token_key(gate bigint, token bigint)
  returns bigint
  language sql immutable strict parallel safe
as $$
  select token_key.gate # token_key.token
$$;
