-- Takes the tickets away of those that were first in line and tells who is first after them: the next of this session are returned,
-- any other is notified. lines: the line key of a name for which nobody of this session waits any more, null where somebody does.
create or replace procedure fencepost.pass_on(session bigint, keys bigint[], lines bigint[], inout tickets bigint[])
  language plpgsql
as $$
declare
  passed constant bigint[] := pass_on.tickets;
begin
  perform fencepost.leave_line(pass_on.session, pass_on.keys, passed, '{}');
  -- A ticket that comes into the line now either sees that ours is gone, or is seen below.
  commit;
  -- NOTIFY waits at the commit for all that notify before us, and with them perhaps for a standby: nothing on this connection may. Whoever
  -- is not told finds out by itself.
  perform set_config('lock_timeout', '20', true);

  pass_on.tickets := array_fill(null::bigint, array[cardinality(pass_on.keys)]);
  for i in 1 .. cardinality(pass_on.keys) loop
    pass_on.tickets[i] := fencepost.call_next(
      fencepost.first_in_line(pass_on.session, pass_on.keys[i], passed[i], 9223372036854775807), pass_on.session
    );
  end loop;
  commit;
  -- Behind everything that may fail and be done again: who lets go of a key twice takes it from whoever lines up meanwhile.
  perform pg_advisory_unlock_shared(line)
  from unnest(pass_on.lines) as line
  where line is not null;
end
$$;
