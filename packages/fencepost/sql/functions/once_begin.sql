-- Begins an attempt, for whoever holds the lock of the key, in a transaction that is guarded with it. What comes back is running if
-- the caller is to run it, and else what there is instead. retries names the states that are run again: 'running' is for a caller who
-- may not have heard that this very attempt was begun.
create or replace function fencepost.once_begin(
  namespace text, key text, token bigint, application text, host text, process integer, retries text[]
)
  returns jsonb
  language plpgsql
as $$
declare
  record fencepost.once_keys;
begin
  -- It must be on disk before anything is done: a crash that forgot it would have it done again.
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  select * into record
  from fencepost.once_keys as one
  where one.namespace = once_begin.namespace and one.key = once_begin.key
  for update;

  if record.expires_at <= clock_timestamp() then
    delete from fencepost.once_keys as one where one.namespace = once_begin.namespace and one.key = once_begin.key;
    record := null;
  end if;
  if record.key is null then
    insert into fencepost.once_keys (namespace, key, state, token, application, host, process)
    values (
      once_begin.namespace, once_begin.key, 'running',
      once_begin.token, once_begin.application, once_begin.host, once_begin.process
    )
    returning * into record;
    return fencepost.once_json(record);
  end if;

  if record.state = 'running' and record.token = once_begin.token then
    if not 'running' = any (once_begin.retries) then
      -- A transaction that asks for its lock again is given the same token.
      raise exception 'once-key "%" is being run by this transaction', once_begin.key
        using errcode = 'LK007', hint = 'Do not call it inside of itself.';
    end if;
    return fencepost.once_json(record);
  end if;
  -- The lock is ours, so whoever began it has let go or is gone.
  if record.state = 'running' then
    update fencepost.once_keys as one set state = 'uncertain'
    where one.namespace = once_begin.namespace and one.key = once_begin.key
    returning * into record;
  end if;
  if record.state = any (once_begin.retries) then
    update fencepost.once_keys as one
    set state = 'running', attempt = one.attempt + 1, token = once_begin.token,
      application = once_begin.application, host = once_begin.host, process = once_begin.process,
      error = null, started_at = clock_timestamp(), settled_at = null, expires_at = null
    where one.namespace = once_begin.namespace and one.key = once_begin.key
    returning * into record;
  end if;
  return fencepost.once_json(record);
end
$$;
