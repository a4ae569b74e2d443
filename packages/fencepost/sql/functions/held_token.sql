-- The token by which a backend holds a name, read back from its advisory locks; null if it holds none through us.
-- An unrelated key passes for a token with odds of one in 2^29.
create or replace function fencepost.held_token(gate bigint, keys bigint[])
  returns bigint
  language sql stable
as $$
  select max(held_token.gate # key)
  from unnest(held_token.keys) as key
  where held_token.gate # key between 1024::bigint << 32 and (select (max(epoch) + 1) << 32 from fencepost.epochs)
$$;
