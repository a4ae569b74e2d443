-- As inspect, for a name that is locked together with the key of another program: whoever else holds or waits for that key counts too, and
-- shows by its connection alone.
create or replace function fencepost.inspect_foreign(
  name text, namespace text, ticket bigint, number bigint, pair integer[]
)
  returns table (
    mode text, token bigint, application text, host text, process integer, backend integer, acquired_at timestamptz,
    waiting integer
  )
  language sql set enable_nestloop = off set jit = off
as $$
  with seen as materialized (
    select * from fencepost.advisory_locks(fencepost.lock_table())
  ), ours as materialized (
    select * from fencepost.inspect(inspect_foreign.name, inspect_foreign.namespace, inspect_foreign.ticket)
  ), busy as materialized (
    select distinct seen.backend from seen where not seen.granted
  ), others as materialized (
    select seen.mode, seen.granted, seen.backend, session.session, session.application, session.host, session.process
    from seen
    -- A session of ours by what it holds as long as it lives: its lanes wait for one that has a ticket.
    left join (
      select sessions.* from fencepost.sessions join seen as alive on alive.key = sessions.session and alive.backend = sessions.backend
    ) as session on session.backend = seen.backend
    where (seen.key = inspect_foreign.number or seen.pair = inspect_foreign.pair)
      and not exists (select from ours where ours.backend = seen.backend)
  ), holding as (
    -- One of ours that has it and waits for the rest is no holder yet.
    select * from others
    where others.granted and not (others.session is not null and others.backend in (select busy.backend from busy))
  ), waiting as (
    select (select coalesce(max(ours.waiting), 0) from ours)
      + (select count(*) from others where not others.granted and others.session is null) as waiting
  )
  select ours.mode, ours.token, ours.application, ours.host, ours.process, ours.backend, ours.acquired_at, waiting.waiting::integer
  from ours, waiting
  where ours.mode is not null or not exists (select from holding)
  union all
  select holding.mode, null, coalesce(holding.application, activity.application_name), holding.host, holding.process, holding.backend,
    null, waiting.waiting::integer
  from waiting
  cross join holding
  left join pg_catalog.pg_stat_activity as activity on activity.pid = holding.backend
$$;
