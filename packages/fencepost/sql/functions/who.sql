-- Who holds a name. A row is believed only together with the advisory lock it describes; a holder that is not ours
-- (another language, a plain pg_advisory_lock) shows by its connection alone.
create or replace function fencepost.who(name text, namespace text default 'default')
  returns table (
    mode text, token bigint, application text, host text, process integer, backend integer, acquired_at timestamptz
  )
  language sql
as $$
  select
    case held.mode when 'ShareLock' then 'shared' else 'exclusive' end,
    lock.token, coalesce(session.application, activity.application_name), session.host, session.process,
    held.pid, lock.acquired_at
  from pg_locks as held
  left join fencepost.locks as lock
    on lock.namespace = who.namespace and lock.name = who.name and lock.backend = held.pid
  left join fencepost.sessions as session
    on session.session = lock.session and session.backend = held.pid
  left join pg_stat_activity as activity
    on activity.pid = held.pid
  where held.locktype = 'advisory' and held.objsubid = 1 and held.granted
    and held.database = (select oid from pg_database where datname = current_database())
    and (held.classid::bigint << 32) | held.objid::bigint = fencepost.key(who.name, who.namespace)
$$;
