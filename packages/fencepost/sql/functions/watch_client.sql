-- Ends this transaction, and for its length only, soon after its client is frozen, killed or cut off: a transaction that has
-- passed the gate keeps the next holder waiting. Never loosens a limit that is set already.
create or replace function fencepost.watch_client(idle_limit interval)
  returns boolean
  language plpgsql
as $$
declare
  current constant interval := current_setting('idle_in_transaction_session_timeout')::interval;
begin
  if watch_client.idle_limit > interval '0' and (current = interval '0' or watch_client.idle_limit < current) then
    perform set_config('idle_in_transaction_session_timeout',
      ceil(extract(epoch from watch_client.idle_limit) * 1000)::integer::text, true);
  end if;
  perform fencepost.watch_network();

  -- In the middle of a statement; from PostgreSQL 14, and not on every host.
  if current_setting('client_connection_check_interval', true) = '0' then
    begin
      perform set_config('client_connection_check_interval', '1000', true);
    exception
      when others then
        null;
    end;
  end if;
  return true;
end
$$;
