-- The record of a key; null if there is none, or none any more.
create or replace function fencepost.once_look(namespace text, key text)
  returns jsonb
  language sql
as $$
  select fencepost.once_json(record)
  from fencepost.once_keys as record
  where record.namespace = once_look.namespace and record.key = once_look.key
    and (record.expires_at is null or record.expires_at > clock_timestamp())
$$;
