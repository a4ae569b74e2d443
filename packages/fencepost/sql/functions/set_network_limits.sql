-- Sets what watch_network misses. Never loosens what is set already. False where the host refuses.
create or replace function fencepost.set_network_limits(is_local boolean)
  returns boolean
  language plpgsql
as $$
begin
  if current_setting('tcp_keepalives_idle')::integer not between 1 and 5 then
    perform set_config('tcp_keepalives_idle', '5', set_network_limits.is_local);
  end if;
  if current_setting('tcp_keepalives_interval')::integer not between 1 and 2 then
    perform set_config('tcp_keepalives_interval', '2', set_network_limits.is_local);
  end if;
  if current_setting('tcp_keepalives_count')::integer not between 1 and 3 then
    perform set_config('tcp_keepalives_count', '3', set_network_limits.is_local);
  end if;
  if current_setting('tcp_user_timeout')::integer not between 1 and 5000 then
    perform set_config('tcp_user_timeout', '5000', set_network_limits.is_local);
  end if;
  return true;
exception
  when others then
    return false;
end
$$;
