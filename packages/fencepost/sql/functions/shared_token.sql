-- The token the shared holders of a name have between them; null if there are none in another session. The caller holds the mutex of the
-- name, and its key in shared mode, so no exclusive holder can have come between.
create or replace function fencepost.shared_token(key bigint, gate bigint)
  returns bigint
  language sql
as $$
  select newest.token
  from (
    select shared_tokens.token
    from fencepost.shared_tokens
    where shared_tokens.key = shared_token.key
    order by shared_tokens.token desc
    limit 1
  ) as newest
  -- Free for us alone: nobody holds it. Kept to the end of the transaction, it might go after the mutex, and a guard in between would
  -- take us for a holder.
  where not (
    pg_try_advisory_lock(fencepost.token_key(shared_token.gate, newest.token))
    and pg_advisory_unlock(fencepost.token_key(shared_token.gate, newest.token))
  )
  -- A backend that ends lets go of its locks one after the other: who holds the token still, but not the key, is no holder any more.
  and exists (
    select
    from fencepost.held_keys() as held
    where held.key in (shared_token.key, fencepost.token_key(shared_token.gate, newest.token))
    group by held.backend
    having count(distinct held.key) = 2
  )
$$;
