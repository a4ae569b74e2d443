-- Takes a lock that lasts until this transaction ends, or is rolled back to a savepoint before it. Waits for whoever holds it and for
-- guarded transactions of earlier holders in flight, for wait altogether (55P03); null: for as long as lock_timeout lets it. A statement of
-- its own: what reads in the same one may see the time before the grant. READ COMMITTED only (LK002).
-- Returns its token, which no earlier holder had; nobody else ever commits with it, as the gate stays closed.
create or replace function fencepost.lock_in_transaction(
  name text, wait interval default null, namespace text default 'default'
)
  returns bigint
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(lock_in_transaction.name, lock_in_transaction.namespace);
  gate constant bigint := fencepost.gate_of(key);
  token bigint := fencepost.token_in_transaction(key);
begin
  if token is not null then
    return token;
  end if;
  perform fencepost.require_lockable(lock_in_transaction.name, lock_in_transaction.namespace);
  perform fencepost.wait_in_transaction(array[key, gate], lock_in_transaction.wait);

  token := fencepost.next_token();
  perform pg_advisory_xact_lock(fencepost.token_key(gate, token));
  perform set_config('fencepost.locked', (
    coalesce(nullif(current_setting('fencepost.locked', true), ''), '{}')::bigint[] || array[key, token]
  )::text, true);
  perform fencepost.mark_passed(key);
  return token;
end
$$;
