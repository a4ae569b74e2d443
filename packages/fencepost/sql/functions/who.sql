-- Who holds a name, as the advisory locks have it. A holder that is not ours (another language, a plain pg_advisory_lock)
-- shows by its connection alone; since when is known a moment after the grant.
create or replace function fencepost.who(name text, namespace text default 'default')
  returns table (
    mode text, token bigint, application text, host text, process integer, backend integer, acquired_at timestamptz
  )
  language sql
as $$
  with held as materialized (
    select held_keys.backend, array_agg(held_keys.key) as keys, array_agg(held_keys.mode) as modes
    from fencepost.held_keys()
    group by held_keys.backend
  )
  select held.modes[array_position(held.keys, wanted.key)], fencepost.held_token(wanted.gate, held.keys),
    coalesce(session.application, activity.application_name), session.host, session.process,
    held.backend, holder.acquired_at
  from (
    select fencepost.key(who.name, who.namespace) as key, fencepost.gate(who.name, who.namespace) as gate
  ) as wanted
  join held on wanted.key = any(held.keys)
  left join fencepost.sessions as session on session.backend = held.backend and session.session = any(held.keys)
  left join fencepost.holders as holder on holder.session = session.session and holder.key = wanted.key
  left join pg_stat_activity as activity on activity.pid = held.backend
$$;
