-- Who holds the permits of a semaphore, the one that has held its own longest first, and how many wait for one: select * from
-- fencepost.permits('stripe'). One row without a number if nobody holds any. Whoever asks may have a ticket, which is not counted.
create or replace function fencepost.permits(name text, namespace text default 'default', ticket bigint default null)
  returns table (
    number integer, token bigint, application text, host text, process integer, backend integer, acquired_at timestamptz, waiting integer
  )
  language sql set enable_nestloop = off set jit = off
as $$
  with seen as materialized (
    select * from fencepost.held_keys() as one where one.mode = 'exclusive'
  ), wanted as materialized (
    select * from fencepost.semaphores where semaphores.name = permits.name and semaphores.namespace = permits.namespace
  ), mine as materialized (
    select permit.number::integer as number, permit.key, seen.backend
    from wanted
    cross join unnest(wanted.keys) with ordinality as permit (key, number)
    join seen on seen.key = permit.key
  ), backend as materialized (
    select seen.backend, array_agg(seen.key) as keys
    from seen
    where seen.backend in (select mine.backend from mine)
    group by seen.backend
  ), held as materialized (
    select mine.number, mine.key, mine.backend, backend.keys, fencepost.held_token(fencepost.gate_of(mine.key), backend.keys) as token
    from mine
    join backend on backend.backend = mine.backend
  ), queued as materialized (
    select count(*)::integer as waiting
    from fencepost.waiters
    join seen on seen.key = waiters.session
    where waiters.key = (select wanted.key from wanted) and waiters.ticket is distinct from permits.ticket
  )
  select held.number, held.token, session.application, session.host, session.process, held.backend, holder.acquired_at, queued.waiting
  from queued
  -- Whoever only tries has no token.
  left join held on held.token is not null
  left join fencepost.sessions as session on session.backend = held.backend and session.session = any(held.keys)
  left join fencepost.holders as holder on holder.session = session.session and holder.key = held.key
  -- As they were granted: by their ages, which are measured to some ms, two might change places.
  order by held.token
$$;
