-- How far an eviction has come: held, by whom it is about; in flight, if guarded transactions may be; passed on, as somebody else
-- was granted the name since, for which there was none.
create or replace function fencepost.eviction_state(key bigint, gate bigint, token bigint, backend integer)
  returns text
  language sql
as $$
  select case
    when bool_or(one.part in ('holder', 'ending')) then 'held'
    when bool_or(one.part = 'successor') then 'passed on'
    else 'in flight'
  end
  from fencepost.evictees(eviction_state.key, eviction_state.gate, eviction_state.token, eviction_state.backend) as one
$$;
