-- Lets the warnings of this transaction through to its client, who may have chosen to hear of errors only: one of them says that a
-- COMMIT, answered as any other, is not on the synchronous standby.
create or replace function fencepost.hear_warnings()
  returns boolean
  language plpgsql
as $$
begin
  if current_setting('client_min_messages') = 'error' then
    perform set_config('client_min_messages', 'warning', true);
  end if;
  return true;
end
$$;
