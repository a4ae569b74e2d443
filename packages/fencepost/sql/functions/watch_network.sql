-- Has a lost network noticed within 11 s, until this transaction ends or its session: by default it takes two hours between statements and a
-- quarter of an hour while an answer is under way. Keepalives see the one, tcp_user_timeout the other; in the middle of a statement
-- they need client_connection_check_interval besides. False over a Unix socket, which has none of them, and where the host refuses.
create or replace function fencepost.watch_network(is_local boolean default true)
  returns boolean
  language plpgsql
as $$
declare
  is_watched constant boolean := current_setting('tcp_keepalives_idle')::integer between 1 and 5
    and current_setting('tcp_keepalives_interval')::integer between 1 and 2
    and current_setting('tcp_keepalives_count')::integer between 1 and 3
    and current_setting('tcp_user_timeout')::integer between 1 and 5000;
begin
  -- Nothing to set is the ordinary case on connections of ours, and much cheaper.
  return is_watched or inet_client_addr() is not null and fencepost.set_network_limits(watch_network.is_local);
end
$$;
