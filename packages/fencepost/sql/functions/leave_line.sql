-- Takes away tickets of those that no longer wait; nobody is told.
create or replace function fencepost.leave_line(keys bigint[], tickets bigint[])
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true);
  delete from fencepost.waiters
  using unnest(leave_line.keys, leave_line.tickets) as gone (key, ticket)
  where waiters.key = gone.key and waiters.ticket = gone.ticket;
  return found;
exception
  when lock_not_available then
    return false;
end
$$;
