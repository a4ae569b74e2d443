-- Ends this transaction soon after its client is frozen, killed or cut off: one that has passed the gate keeps the next holder waiting.
-- For its length only, or for that of the session, which is cheaper for whoever writes again and again. Never loosens a limit
-- that is set already. Assigned instead of performed: an expression is much cheaper than a statement.
create or replace function fencepost.watch_client(idle_limit interval, is_local boolean default true)
  returns boolean
  language plpgsql
as $$
declare
  current text := current_setting('idle_in_transaction_session_timeout');
  is_watched boolean;
begin
  if watch_client.idle_limit > interval '0' and (current = '0' or watch_client.idle_limit < current::interval) then
    current := set_config('idle_in_transaction_session_timeout',
      ceil(extract(epoch from watch_client.idle_limit) * 1000)::integer::text, watch_client.is_local);
  end if;
  is_watched := fencepost.watch_network(watch_client.is_local);

  -- In the middle of a statement; from PostgreSQL 14, and not on every host.
  if current_setting('client_connection_check_interval', true) = '0' then
    begin
      perform set_config('client_connection_check_interval', '1000', watch_client.is_local);
    exception
      when others then
        null;
    end;
  end if;
  return true;
end
$$;
