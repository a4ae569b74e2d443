-- Who stands in a line of ours, for a picture of all waits: idle, so the server knows of none of it. holders: who holds the name, the backend
-- and for which callbacks, null for a handle. What is waited for inside one of those is waited for too.
create or replace function fencepost.line_waits()
  returns table (
    ticket bigint, "position" integer, key bigint, namespace text, name text, mode text, scopes bigint[], waited interval,
    backend integer, application text, host text, process integer, holders jsonb
  )
  language sql set enable_nestloop = off set jit = off
as $$
  with seen as materialized (
    select * from fencepost.held_keys()
  ), owner as materialized (
    select * from fencepost.live_sessions()
  ), scope as materialized (
    select holders.key, owner.backend, jsonb_agg(holders.scope) as scopes
    from fencepost.holders
    join owner on owner.session = holders.session
    group by holders.key, owner.backend
  ), held as materialized (
    select seen.key, jsonb_agg(jsonb_build_object('backend', seen.backend, 'scopes', coalesce(scope.scopes, '[null]'))) as holders
    from seen
    left join scope on scope.key = seen.key and scope.backend = seen.backend
    group by seen.key
  )
  select waiters.ticket, (row_number() over (partition by waiters.key order by waiters.ticket))::integer, waiters.key,
    waiters.namespace, waiters.name, waiters.mode, waiters.scopes, clock_timestamp() - waiters.waiting_since,
    owner.backend, owner.application, owner.host, owner.process, coalesce(held.holders, '[]')
  from fencepost.waiters
  join owner on owner.session = waiters.session
  left join held on held.key = waiters.key
$$;
