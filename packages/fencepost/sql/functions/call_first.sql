-- Tells whoever is first in the lines of semaphores that a permit was given back. served: tickets that were gone when it was granted. What
-- cannot be told now is found out by who waits.
create or replace function fencepost.call_first(session bigint, keys bigint[], served bigint[])
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true);
  perform fencepost.call_next(fencepost.first_in_line(call_first.session, one.key, one.served, 9223372036854775807), call_first.session)
  from unnest(call_first.keys, call_first.served) as one (key, served)
  -- Somebody waits: mostly nobody does.
  where not (pg_try_advisory_lock(fencepost.line(fencepost.gate_of(one.key))) and pg_advisory_unlock(fencepost.line(fencepost.gate_of(one.key))));
  -- NOTIFY waits at the commit for all that notify before us: nothing on this connection may.
  perform set_config('lock_timeout', '20', true);
  return true;
end
$$;
