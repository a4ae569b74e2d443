-- Takes a session lock if it is free at once and returns its token; null means busy: held, waited for, or a guarded transaction
-- of an earlier holder is in flight. Busy leaves nothing behind, also inside a transaction.
create or replace function fencepost.try_acquire(key bigint, gate bigint)
  returns bigint
  language plpgsql
as $$
begin
  begin
    if not pg_try_advisory_xact_lock(key)
      -- Only asked about: kept to the end of the caller's transaction, it would keep everybody from lining up.
      or not (pg_try_advisory_lock(fencepost.line(gate)) and pg_advisory_unlock(fencepost.line(gate)))
      or not pg_try_advisory_xact_lock(gate)
    then
      raise lock_not_available;
    end if;
  exception
    when lock_not_available then
      return null;
  end;
  return fencepost.keep(key, gate);
end
$$;
