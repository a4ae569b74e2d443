-- Bounds how long this transaction may sit idle, for its own length only; never loosens a limit that is set already.
create or replace function fencepost.limit_idle(idle_limit interval)
  returns boolean
  language plpgsql
as $$
declare
  current constant interval := current_setting('idle_in_transaction_session_timeout')::interval;
begin
  if limit_idle.idle_limit > interval '0' and (current = interval '0' or limit_idle.idle_limit < current) then
    perform set_config('idle_in_transaction_session_timeout',
      ceil(extract(epoch from limit_idle.idle_limit) * 1000)::integer::text, true);
  end if;
  return true;
end
$$;
