-- Advisory locks as they are taken: a key of 64 bits, or a pair of 32. backend is null for a prepared transaction; since when one
-- waits is known from PostgreSQL 14.
create or replace function fencepost.advisory_locks(seen pg_locks[])
  returns table (key bigint, pair integer[], mode text, granted boolean, backend integer, waiting_since timestamptz)
  language sql stable
as $$
  select case objsubid when 1 then (classid::bigint << 32) | objid::bigint end,
    case objsubid when 2 then array[classid::integer, objid::integer] end,
    case lock.mode when 'ShareLock' then 'shared' else 'exclusive' end,
    lock.granted, pid, case when not lock.granted then (to_jsonb(lock) ->> 'waitstart')::timestamptz end
  from unnest(advisory_locks.seen) as lock
$$;
