-- Takes away tickets of those that no longer wait; nobody is told. Refused (55P03) while somebody has locked the table: then the
-- tickets still stand in everybody's way, and whoever had them must come again.
create or replace function fencepost.leave_line(keys bigint[], tickets bigint[])
  returns boolean
  language plpgsql
  -- It shares its connection with others.
  set lock_timeout = '1ms'
as $$
begin
  delete from fencepost.waiters
  using unnest(leave_line.keys, leave_line.tickets) as gone (key, ticket)
  where waiters.key = gone.key and waiters.ticket = gone.ticket;
  return found;
end
$$;
