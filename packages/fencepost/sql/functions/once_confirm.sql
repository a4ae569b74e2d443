-- The record of a key as once_look has it, for a transaction that looks behind a COMMIT of which nothing is known. It locks the record, so
-- that its own COMMIT is written to the log behind that one and waits for the same standby: what is seen stays once this one is committed.
create or replace function fencepost.once_confirm(namespace text, key text)
  returns jsonb
  language plpgsql
as $$
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform from fencepost.once_keys as one
  where one.namespace = once_confirm.namespace and one.key = once_confirm.key
  for update;
  return fencepost.once_look(once_confirm.namespace, once_confirm.key);
end
$$;
