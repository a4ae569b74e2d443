-- The advisory key under which the token of a name's shared holders is probed: two probes at once would hide each other's result.
create or replace function fencepost.mutex(gate bigint)
  returns bigint
  language sql immutable strict parallel safe
as $$
  select mutex.gate # 2
$$;
