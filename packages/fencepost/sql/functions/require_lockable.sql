-- Refuses to take a lock inside a transaction that would miss what it protects, a second time by one backend, or without an epoch.
create or replace function fencepost.require_lockable(name text, namespace text)
  returns boolean
  language plpgsql
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    -- Measured: two payouts at REPEATABLE READ and SERIALIZABLE.
    raise exception 'a lock cannot be taken at isolation level %', current_setting('transaction_isolation')
      using errcode = 'LK002', hint = 'Take it before BEGIN: the snapshot of this transaction may miss what it protects.';
  end if;
  perform fencepost.require_free(require_lockable.name, require_lockable.namespace);
  if not fencepost.is_booted(fencepost.boot_marker()) then
    -- Raising it here could be rolled back, and the token shown again.
    raise exception 'no epoch has been raised since the server or the database was started or restored'
      using errcode = 'LK004', hint = 'call fencepost.boot() once; the library and call fencepost.lock do it by themselves.';
  end if;
  return true;
end
$$;
