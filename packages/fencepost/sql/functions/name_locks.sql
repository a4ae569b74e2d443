-- What list_locks tells of the advisory locks it has read. Settings as in read_lock_table.
create or replace function fencepost.name_locks(locks pg_locks[])
  returns table (
    state text, namespace text, name text, mode text, token bigint, application text, host text, process integer, backend integer,
    since timestamptz, held_for interval, waited interval, "position" integer, key bigint, pair integer[], means text
  )
  language sql set enable_nestloop = off set jit = off
as $$
  with seen as materialized (
    select * from fencepost.read_lock_table(name_locks.locks)
  ), owner as materialized (
    select sessions.*
    from seen
    join fencepost.sessions on sessions.session = seen.key and sessions.backend = seen.backend
    where seen.state = 'alive'
  ), ticket as materialized (
    select waiters.*, owner.application, owner.host, owner.process, seen.backend
    from fencepost.waiters
    join seen on seen.key = waiters.session and seen.state = 'alive'
    left join owner on owner.session = waiters.session
  ), holder as materialized (
    select holders.*, owner.backend
    from fencepost.holders
    join owner on owner.session = holders.session
  ), named as materialized (
    select described.key, min(described.namespace) as namespace, min(described.name) as name
    from (
      select holder.key, holder.namespace, holder.name from holder
      union all
      select ticket.key, ticket.namespace, ticket.name from ticket
    ) as described
    group by described.key
  ), found as (
    select seen.state, named.namespace, named.name, seen.mode, seen.token,
      coalesce(owner.application, activity.application_name) as application,
      coalesce(owner.host, activity.client_hostname, host(activity.client_addr)) as host, owner.process, seen.backend,
      coalesce(holder.acquired_at, seen.waiting_since) as since, null::bigint as ticket, seen.key, seen.pair,
      coalesce(known.means, fencepost.known_range(seen.key, seen.pair)) as means
    from seen
    left join owner on owner.backend = seen.backend
    left join holder on holder.backend = seen.backend and holder.key = seen.key and seen.state = 'held'
    left join named on named.key = seen.key
    left join fencepost.known_keys() as known on known.key = seen.key
    left join pg_catalog.pg_stat_activity as activity on activity.pid = seen.backend
    -- A lane waits for the one that has the ticket.
    left join (select distinct ticket.key, ticket.host, ticket.process from ticket) as queued
      on queued.key = seen.key and queued.host = owner.host and queued.process = owner.process and seen.state = 'waiting'
    where seen.state <> 'alive' and queued.key is null
    union all
    select 'waiting', namespace, name, mode, null, application, host, process, backend, waiting_since, ticket, key, null, null
    from ticket
  )
  select state, namespace, name, mode, token, application, host, process, backend, since,
    case state when 'held' then clock_timestamp() - since end, case state when 'waiting' then clock_timestamp() - since end,
    case state when 'waiting' then
      row_number() over (partition by state, key, pair order by ticket nulls last, since, backend)::integer
    end,
    key, pair, means
  from found
$$;
