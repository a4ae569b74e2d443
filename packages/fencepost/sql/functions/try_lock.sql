-- The session lock for callers of plain SQL, if it is free at once; null means busy. Returns the token. Inside a transaction
-- it is kept over a rollback, as PostgreSQL keeps session locks, and others' guards of the name wait for the end of it.
create or replace function fencepost.try_lock(name text, namespace text default 'default')
  returns bigint
  language plpgsql
as $$
begin
  perform fencepost.require_lockable(try_lock.name, try_lock.namespace);
  return fencepost.try_acquire(
    fencepost.key(try_lock.name, try_lock.namespace), fencepost.gate(try_lock.name, try_lock.namespace)
  );
end
$$;
