-- A record as it travels: one text, which no client's type parsers touch.
create or replace function fencepost.once_json(record fencepost.once_keys)
  returns jsonb
  language sql stable
as $$
  select jsonb_build_object(
    'key', record.key, 'state', record.state, 'attempt', record.attempt, 'idempotencyKey', record.idempotency_key,
    'token', record.token, 'application', record.application, 'host', record.host, 'process', record.process,
    'hasResult', record.result is not null, 'result', record.result, 'error', record.error,
    'startedAt', record.started_at, 'settledAt', record.settled_at, 'expiresAt', record.expires_at
  )
$$;
