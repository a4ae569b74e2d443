-- Takes away tickets of this session, of those that no longer wait, and lets go of line keys; nobody is told. Refused (55P03) while
-- somebody has locked the table: then the tickets still stand in everybody's way, and whoever had them must come again.
create or replace function fencepost.leave_line(session bigint, keys bigint[], tickets bigint[], lines bigint[])
  returns boolean
  language plpgsql
  -- It shares its connection with others.
  set lock_timeout = '1ms'
as $$
begin
  delete from fencepost.waiters
  using unnest(leave_line.keys, leave_line.tickets) as gone (key, ticket)
  where waiters.key = gone.key and waiters.ticket = gone.ticket and waiters.session = leave_line.session;

  -- Last, as no error brings them back: a try of a name that nobody waits for any more is not refused.
  perform pg_advisory_unlock_shared(line)
  from unnest(leave_line.lines) as line
  where line is not null;
  return true;
end
$$;
