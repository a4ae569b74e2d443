-- The advisory key that whoever began the attempt holds for as long as it runs.
create or replace function fencepost.once_token_key(namespace text, key text, token bigint)
  returns bigint
  language sql immutable strict parallel safe
as $$
  select fencepost.token_key(
    fencepost.gate(once_token_key.key, fencepost.once_lock(once_token_key.namespace)), once_token_key.token
  )
$$;
