-- Says how a key ended, for somebody who has found out and holds its lock, in a transaction that is guarded with it. What is done
-- stays done. What comes back is the record as it then stands; null if there is none.
create or replace function fencepost.once_settle(
  namespace text, key text, state text, result jsonb, error text, retention interval
)
  returns jsonb
  language plpgsql
as $$
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  update fencepost.once_keys as one
  set state = once_settle.state, result = once_settle.result, error = once_settle.error, settled_at = clock_timestamp(),
    expires_at = clock_timestamp() + once_settle.retention
  where one.namespace = once_settle.namespace and one.key = once_settle.key
    and one.state <> 'done' and one.state <> once_settle.state;
  return fencepost.once_look(once_settle.namespace, once_settle.key);
end
$$;
