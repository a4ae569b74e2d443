-- Whom an eviction is about, read from the lock table at one moment. part: holder, who has the token and the key; ending, who has the
-- token still, but not the key any more; guard, a guarded transaction in flight; successor, who was granted the name after it;
-- companion, who holds it shared under another token, as it came when this one could not be joined any more.
-- Without a token the holder is the one backend that is given, as long as it has taken the key past us.
create or replace function fencepost.evictees(key bigint, gate bigint, token bigint, backend integer)
  returns table (backend integer, part text, keys bigint[])
  language sql
as $$
  with held as materialized (
    select one.backend, array_agg(one.key) as keys,
      bool_or(one.key = evictees.gate and one.mode = 'shared') as is_guard,
      bool_or(one.key = evictees.key) as has_key,
      -- In the other mode it is only probed.
      bool_or(
        one.key = fencepost.token_key(evictees.gate, evictees.token) and (one.mode = 'shared') = (evictees.token % 2 = 1)
      ) as has_token
    from fencepost.held_keys() as one
    group by one.backend
  ), ours as (
    select held.*, fencepost.held_token(evictees.gate, held.keys) as any_token
    from held
    where held.is_guard or held.has_key or held.has_token
  )
  select ours.backend,
    case
      when evictees.token is null and ours.has_key and ours.any_token is null and ours.backend = evictees.backend then 'holder'
      when ours.has_token and ours.has_key then 'holder'
      when ours.has_token then 'ending'
      when ours.has_key and evictees.token % 2 = 1 and ours.any_token % 2 = 1 then 'companion'
      when ours.has_key and ours.any_token is not null then 'successor'
      when ours.is_guard then 'guard'
    end,
    ours.keys
  from ours
$$;
