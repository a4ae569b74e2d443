-- For psql and dashboards: select * from fencepost.once where state = 'uncertain' order by started_at. The lock table is read once and
-- nothing is probed: a probe of a token that nobody holds would stay, for each record, to the end of the transaction.
create or replace view fencepost.once as
  with held as materialized (
    select one.key from fencepost.held_keys() as one where one.mode = 'exclusive'
  )
  select
    record.namespace, record.key,
    case
      when record.state = 'running'
        and fencepost.once_token_key(record.namespace, record.key, record.token) not in (select held.key from held)
      then 'uncertain'
      else record.state
    end as state,
    record.attempt, record.idempotency_key, record.application, record.host, record.process,
    record.result, record.error, record.started_at, record.settled_at, record.expires_at
  from fencepost.once_keys as record;
