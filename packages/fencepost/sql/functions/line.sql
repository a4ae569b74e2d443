-- The advisory key of a name's line: each session that has somebody waiting for the name holds it in shared mode.
create or replace function fencepost.line(gate bigint)
  returns bigint
  language sql immutable strict parallel safe
as $$
  select line.gate # 1
$$;
