-- The first ticket of a line after one and before another, of a session that lives; tickets of the dead on the way are taken away.
-- Null if there is none. The caller's own session is taken to live. Refused (55P03) while somebody has locked the table.
create or replace function fencepost.first_in_line(session bigint, key bigint, after bigint, before bigint)
  returns fencepost.waiters
  language plpgsql
  -- It shares its connection with others.
  set lock_timeout = '1ms'
as $$
declare
  waiter fencepost.waiters;
begin
  loop
    select * into waiter
    from fencepost.waiters
    where waiters.key = first_in_line.key
      and waiters.ticket > first_in_line.after and waiters.ticket < first_in_line.before
    order by waiters.ticket
    limit 1;

    if not found or waiter.session = first_in_line.session or fencepost.is_alive(waiter.session) then
      return waiter;
    end if;
    delete from fencepost.waiters
    where waiters.key = first_in_line.key and waiters.ticket = waiter.ticket;
  end loop;
end
$$;
