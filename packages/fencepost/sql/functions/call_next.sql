-- Tells the session of a ticket that it is the next. Returns the ticket if it is one of the caller's own, who need not be told.
create or replace function fencepost.call_next(waiter fencepost.waiters, session bigint)
  returns bigint
  language plpgsql
as $$
begin
  if waiter.session = call_next.session then
    return waiter.ticket;
  elsif waiter.ticket is not null then
    perform pg_notify('fencepost:' || waiter.session, waiter.key || ':' || waiter.ticket);
  end if;
  return null;
end
$$;
