-- Those who wait inside a callback, and for each the callbacks that hold what it waits for: what deadlocks are made of.
create or replace function fencepost.nested_waits(session bigint)
  returns table (
    ticket bigint, key text, name text, scopes bigint[], held_by bigint[], application text, host text, process integer
  )
  language sql
as $$
  select waiter.ticket, waiter.key::text, waiter.name, waiter.scopes,
    array(
      select holder.scope
      from fencepost.holders as holder
      where holder.key = waiter.key and holder.scope is not null
        and (holder.session = nested_waits.session or fencepost.is_alive(holder.session))
    ),
    owner.application, owner.host, owner.process
  from fencepost.waiters as waiter
  join fencepost.sessions as owner on owner.session = waiter.session
  where waiter.scopes <> '{}'
    and (waiter.session = nested_waits.session or fencepost.is_alive(waiter.session))
$$;
