-- Has a lost network noticed within 11 s, until this transaction ends: by default it takes two hours between statements and a
-- quarter of an hour while an answer is under way. Keepalives see the one, tcp_user_timeout the other; in the middle of a statement
-- they need client_connection_check_interval besides. False over a Unix socket, which has none of them, and where the host refuses.
create or replace function fencepost.watch_network()
  returns boolean
  language plpgsql
as $$
begin
  if inet_client_addr() is null then
    return false;
  end if;
  if current_setting('tcp_keepalives_idle')::integer not between 1 and 5 then
    perform set_config('tcp_keepalives_idle', '5', true);
  end if;
  if current_setting('tcp_keepalives_interval')::integer not between 1 and 2 then
    perform set_config('tcp_keepalives_interval', '2', true);
  end if;
  if current_setting('tcp_keepalives_count')::integer not between 1 and 3 then
    perform set_config('tcp_keepalives_count', '3', true);
  end if;
  if current_setting('tcp_user_timeout')::integer not between 1 and 5000 then
    perform set_config('tcp_user_timeout', '5000', true);
  end if;
  return true;
exception
  when others then
    return false;
end
$$;
