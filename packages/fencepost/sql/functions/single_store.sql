-- Keeps what was computed, or thrown, in a transaction that is guarded with the lock of the key. A crash may take it: it waits for no disk.
create or replace function fencepost.single_store(
  namespace text, key text, token bigint, result json, error text, ttl interval, application text, host text, process integer
)
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into fencepost.single_results as one (namespace, key, token, result, error, application, host, process, expires_at)
  values (
    single_store.namespace, single_store.key, single_store.token, single_store.result, single_store.error,
    single_store.application, single_store.host, single_store.process, clock_timestamp() + single_store.ttl
  )
  on conflict on constraint single_results_pkey do update
    set token = excluded.token, result = excluded.result, error = excluded.error, application = excluded.application,
      host = excluded.host, process = excluded.process, computed_at = excluded.computed_at, expires_at = excluded.expires_at
    where one.token < excluded.token;
  return found;
end
$$;
