-- Draws the token of a name whose key and gate this transaction holds, and keeps both for the session. Returns the token.
create or replace function fencepost.keep(key bigint, gate bigint)
  returns bigint
  language plpgsql
as $$
declare
  token constant bigint := fencepost.next_token();
begin
  -- The session forms last: no error and no rollback would undo them.
  perform pg_advisory_lock(fencepost.token_key(gate, token));
  perform pg_advisory_lock(key);
  return token;
end
$$;
