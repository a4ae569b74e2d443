-- For psql and dashboards: select * from fencepost.once where state = 'uncertain' order by started_at.
create or replace view fencepost.once as
  select
    record.namespace, record.key,
    case
      when record.state = 'running' and not fencepost.once_is_run(record.namespace, record.key, record.token) then 'uncertain'
      else record.state
    end as state,
    record.attempt, record.idempotency_key, record.application, record.host, record.process,
    record.result, record.error, record.started_at, record.settled_at, record.expires_at
  from fencepost.once_keys as record;
