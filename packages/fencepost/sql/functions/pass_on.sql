-- Takes the tickets away of those that were first in line and tells who is first after them: the next of this session are returned,
-- any other is notified.
create or replace procedure fencepost.pass_on(session bigint, keys bigint[], inout tickets bigint[])
  language plpgsql
as $$
declare
  passed constant bigint[] := pass_on.tickets;
begin
  perform fencepost.leave_line(pass_on.keys, passed);
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
end
$$;
