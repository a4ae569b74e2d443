-- What is uncertain, or running with nobody who runs it, which is the same: the oldest first, after a place in that order.
create or replace function fencepost.once_unsettled(
  namespace text, started_after timestamptz, key_after text, most integer
)
  returns setof jsonb
  language plpgsql
as $$
begin
  return query
    -- Read once, without a probe for each record that would stay to the end of the transaction.
    with held as materialized (
      select one.key from fencepost.held_keys() as one where one.mode = 'exclusive'
    )
    select fencepost.once_json(record) || jsonb_build_object('state', 'uncertain')
    from fencepost.once_keys as record
    where record.namespace = once_unsettled.namespace and record.state in ('running', 'uncertain')
      and (record.started_at, record.key) > (once_unsettled.started_after, once_unsettled.key_after)
      and (
        record.state = 'uncertain'
        or fencepost.once_token_key(record.namespace, record.key, record.token) not in (select held.key from held)
      )
    order by record.started_at, record.key
    limit once_unsettled.most;
end
$$;
