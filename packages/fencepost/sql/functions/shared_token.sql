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
$$;
