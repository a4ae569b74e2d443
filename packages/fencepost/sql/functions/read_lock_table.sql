-- Advisory locks with what is ours inside taken out: gates, line and token keys, mutexes, the keys of epoch and migration. A token
-- key is told by its lock, which the same backend holds. state: held, waiting, or alive for the key of a session. An
-- unrelated key of a backend passes for the token of another with odds of its tokens so far to 2^64.
create or replace function fencepost.read_lock_table(locks pg_locks[])
  returns table (
    state text, key bigint, pair integer[], mode text, token bigint, backend integer, waiting_since timestamptz
  )
  language sql
  -- The planner takes the lock table for a handful of rows and would compare each with each; forbidden that, it thinks the plan so
  -- dear that it would compile it.
  set enable_nestloop = off set jit = off
as $$
  with seen as materialized (
    select * from fencepost.advisory_locks(read_lock_table.locks)
  ), newest as materialized (
    select last_value * 2 + 1 as token, length(ltrim((last_value * 2 + 1)::bit(64)::text, '0')) as bits
    from fencepost.tokens
  ), paired as materialized (
    select held.backend, held.key, held.mode, other.key as token_key, fencepost.gate_of(held.key) # other.key as token
    from seen as held
    join seen as other on other.backend = held.backend and other.mode = held.mode
      -- They differ in the bits that a token has, and in no other.
      and other.key >> (select bits from newest) = fencepost.gate_of(held.key) >> (select bits from newest)
    where held.granted and other.granted
      and fencepost.gate_of(held.key) # other.key between 1024::bigint << 32 and (select newest.token from newest)
  ), inside (key) as materialized (
    select fencepost.gate_of(lock.key) # unnest(array[0, 1, 2]::bigint[])
    from (select seen.key from seen union select waiters.key from fencepost.waiters union select semaphores.key from fencepost.semaphores) as lock
    union all
    select paired.token_key from paired
    union all
    select fencepost.gate_of(shared_tokens.key) # shared_tokens.token from fencepost.shared_tokens
    union all
    values (fencepost.key('epoch', '')), (fencepost.key('migrate:' || 'fencepost', ''))
  ), session (key) as materialized (
    select sessions.session from fencepost.sessions union select waiters.session from fencepost.waiters
  )
  select case
      when session.key is not null then 'alive'
      -- Not granted before its gate is.
      when seen.granted and gate.key is null then 'held'
      else 'waiting'
    end,
    seen.key, seen.pair, seen.mode, max(paired.token), seen.backend, min(coalesce(seen.waiting_since, gate.waiting_since))
  from seen
  left join session on session.key = seen.key
  left join paired on paired.backend = seen.backend and paired.key = seen.key and paired.mode = seen.mode
  left join seen as gate on gate.backend = seen.backend and gate.key = fencepost.gate_of(seen.key) and not gate.granted
  where not exists (select from inside where inside.key = seen.key)
    -- Others only ask after it.
    and (session.key is null or seen.granted and seen.mode = 'exclusive')
  group by session.key, seen.granted, gate.key, seen.key, seen.pair, seen.mode, seen.backend
$$;
