-- Takes the lock of a once-key inside a transaction, to its end, and returns the token. It waits for whoever runs the key and for
-- guarded transactions of earlier ones, as long as lock_timeout lets it. A statement of its own: what reads in the same one may see
-- the time before the grant.
create or replace function fencepost.once_enter(namespace text, key text)
  returns bigint
  language plpgsql
as $$
declare
  gate constant bigint := fencepost.gate(once_enter.key, fencepost.once_lock(once_enter.namespace));
  token bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a once-key cannot be run inside a transaction at isolation level %', current_setting('transaction_isolation')
      using errcode = 'LK002',
        hint = 'The snapshot of this transaction may miss its record. Pass { transaction: true, isolation } instead.';
  end if;
  perform pg_advisory_xact_lock(fencepost.key(once_enter.key, fencepost.once_lock(once_enter.namespace)));
  perform pg_advisory_xact_lock(gate);
  token := fencepost.next_token();
  perform pg_advisory_xact_lock(fencepost.token_key(gate, token));
  return token;
end
$$;
