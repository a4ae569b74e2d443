-- Takes away the tickets of a session that it was not told of, as an error came in between: those after the last it knows.
create or replace function fencepost.forget_tickets(session bigint, keys bigint[], known bigint)
  returns boolean
  language plpgsql
  -- It shares its connection with others.
  set lock_timeout = '1ms'
as $$
begin
  delete from fencepost.waiters
  where waiters.key = any(forget_tickets.keys)
    and waiters.session = forget_tickets.session and waiters.ticket > forget_tickets.known;
  return found;
end
$$;
