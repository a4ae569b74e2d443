-- Takes a session lock if it is free at once and returns its token; null means busy: held, or a guarded transaction of an
-- earlier holder is in flight. Busy leaves nothing behind, also inside a transaction.
create or replace function fencepost.try_acquire(key bigint, gate bigint)
  returns bigint
  language plpgsql
as $$
declare
  token bigint;
begin
  begin
    if not pg_try_advisory_xact_lock(key) or not pg_try_advisory_xact_lock(gate) then
      raise lock_not_available;
    end if;
  exception
    when lock_not_available then
      return null;
  end;
  token := fencepost.next_token();

  -- The session forms last: no error and no rollback would undo them.
  perform pg_advisory_lock(fencepost.token_key(gate, token));
  perform pg_advisory_lock(key);
  return token;
end
$$;
