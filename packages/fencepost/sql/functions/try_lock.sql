-- The session lock for callers of plain SQL, if it is free at once; null means busy. Returns the token. Inside a transaction
-- it is kept over a rollback, as PostgreSQL keeps session locks, and others' guards of the name wait for the end of it.
create or replace function fencepost.try_lock(name text, namespace text default 'default')
  returns bigint
  language plpgsql
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    -- Measured: two payouts at REPEATABLE READ and SERIALIZABLE.
    raise exception 'a lock cannot be taken at isolation level %', current_setting('transaction_isolation')
      using errcode = 'LK002', hint = 'Take it before BEGIN: the snapshot of this transaction may miss what it protects.';
  end if;
  perform fencepost.require_free(try_lock.name, try_lock.namespace);
  if not fencepost.is_booted(fencepost.boot_marker()) then
    -- Raising it here could be rolled back, and the token shown again.
    raise exception 'no epoch has been raised since the server or the database was started or restored'
      using errcode = 'LK004', hint = 'call fencepost.boot() once; the library and call fencepost.lock do it by themselves.';
  end if;
  return fencepost.try_acquire(
    fencepost.key(try_lock.name, try_lock.namespace), fencepost.gate(try_lock.name, try_lock.namespace)
  );
end
$$;
