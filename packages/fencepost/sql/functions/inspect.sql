-- Who holds a name, as the advisory locks have it, and how many wait for it; one row without a holder if nobody holds it. Whoever
-- still waits for a guarded transaction in flight is no holder yet. Whoever asks may have a ticket, which is not counted.
create or replace function fencepost.inspect(name text, namespace text default 'default', ticket bigint default null)
  returns table (
    mode text, token bigint, application text, host text, process integer, backend integer, acquired_at timestamptz,
    waiting integer
  )
  language sql set enable_nestloop = off set jit = off
as $$
  with seen as materialized (
    select * from fencepost.advisory_locks(fencepost.lock_table())
  ), wanted as materialized (
    select fencepost.key(inspect.name, inspect.namespace) as key, fencepost.gate(inspect.name, inspect.namespace) as gate
  ), held as materialized (
    select seen.backend, array_agg(seen.key) filter (where seen.granted) as keys,
      array_agg(seen.mode) filter (where seen.granted) as modes,
      min(seen.key) filter (where not seen.granted) as waits_for
    from seen
    where seen.key is not null
    group by seen.backend
  ), ticket as materialized (
    select waiters.ticket, owner.host, owner.process
    from fencepost.waiters
    join seen on seen.key = waiters.session and seen.granted and seen.mode = 'exclusive'
    left join fencepost.sessions as owner on owner.session = waiters.session
    where waiters.key = (select wanted.key from wanted)
  ), queued as materialized (
    -- A lane of ours waits for one that has a ticket; others have none.
    select count(*) as lanes, (
      select count(*) from ticket where ticket.ticket is distinct from inspect.ticket
    ) as tickets
    from wanted, held
    left join fencepost.sessions as owner on owner.backend = held.backend and owner.session = any(held.keys)
    where (held.waits_for = wanted.key or held.waits_for = wanted.gate and wanted.key = any(held.keys))
      and not exists (select from ticket where ticket.host = owner.host and ticket.process = owner.process)
  )
  select held.modes[array_position(held.keys, wanted.key)], fencepost.held_token(wanted.gate, held.keys),
    coalesce(session.application, activity.application_name), session.host, session.process,
    held.backend, holder.acquired_at, (queued.tickets + queued.lanes)::integer
  from wanted
  cross join queued
  left join held on wanted.key = any(held.keys)
    -- One that holds it may wait there too, to be guarded.
    and (held.waits_for is distinct from wanted.gate or fencepost.held_token(wanted.gate, held.keys) is not null)
  left join fencepost.sessions as session on session.backend = held.backend and session.session = any(held.keys)
  left join fencepost.holders as holder on holder.session = session.session and holder.key = wanted.key
  left join pg_catalog.pg_stat_activity as activity on activity.pid = held.backend
$$;
