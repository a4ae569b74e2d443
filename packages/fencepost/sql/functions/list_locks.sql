-- Each lock of this database that is held or waited for, and all other advisory locks, with what their key is known for. Ours
-- show by name as soon as they are written down or waited for. A waiter has its place in the line; one that has no ticket
-- (another program, plain SQL) comes after those that do. What other roles' sessions hide is null.
create or replace function fencepost.list_locks()
  returns table (
    state text, namespace text, name text, mode text, token bigint, application text, host text, process integer, backend integer,
    since timestamptz, held_for interval, waited interval, "position" integer, key bigint, pair integer[], means text
  )
  language sql
as $$
  select one.state, one.namespace, one.name, one.mode, one.token, one.application, one.host, one.process, one.backend,
    one.since, one.held_for, one.waited, one.position, one.key, one.pair,
    case when one.namespace like '%/semaphore' then fencepost.describe_permit(one.state, one.name, one.namespace) else one.means end
  -- The locks first: a session that opens meanwhile has then written down who it is.
  from fencepost.name_locks(fencepost.lock_table()) as one
$$;
