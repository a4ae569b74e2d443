-- Whether the one who began the attempt still holds its lock. The probe of a token that nobody holds stays, shared, until the
-- end of the transaction.
create or replace function fencepost.once_is_run(namespace text, key text, token bigint)
  returns boolean
  language sql
as $$
  select fencepost.is_held(fencepost.token_key(
    fencepost.gate(once_is_run.key, fencepost.once_lock(once_is_run.namespace)), once_is_run.token
  ))
$$;
