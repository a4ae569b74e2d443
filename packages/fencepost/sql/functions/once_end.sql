-- Writes down how an attempt ended, in a transaction that is guarded with its lock. What comes back is the record as it then
-- stands: that of the attempt, unless somebody else has settled it.
create or replace function fencepost.once_end(
  namespace text, key text, token bigint, attempt integer, state text, result jsonb, error text, retention interval
)
  returns jsonb
  language plpgsql
as $$
declare
  record fencepost.once_keys;
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  update fencepost.once_keys as one
  set state = once_end.state, result = once_end.result, error = once_end.error, settled_at = clock_timestamp(),
    expires_at = clock_timestamp() + once_end.retention
  where one.namespace = once_end.namespace and one.key = once_end.key
    and one.state = 'running' and one.token = once_end.token and one.attempt = once_end.attempt
  returning * into record;
  if found then
    return fencepost.once_json(record);
  end if;
  return fencepost.once_look(once_end.namespace, once_end.key);
end
$$;
