-- One step of taking a name away from whoever holds it and of being granted it before all who wait; to be called again, with what it
-- returned, until it returns a grant, as acquire does. It asks and ends holders as evict does, each after a grace of its own, and keeps
-- the gate closed from one step to the next, so that nobody is granted the name in between. Whoever gives up ends its session.
-- token: from whom it is being taken. steps: how many have passed since nobody holds it any more. For the library's own connection.
create or replace procedure fencepost.steal(
  name text, namespace text, grace interval, inout token bigint, inout grace_ends_at timestamptz, inout steps integer,
  inout granted text default null
)
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(steal.name, steal.namespace);
  gate constant bigint := fencepost.gate(steal.name, steal.namespace);
  is_first constant boolean := steal.grace_ends_at is null;
  is_closed boolean;
  holder bigint;
  is_unknown boolean;
begin
  perform fencepost.require_evictor();
  -- Before the holder is asked: whoever waits would be granted what it lets go of. Guarded transactions in flight keep it open; after the
  -- first step the holder is asked all the same.
  is_closed := fencepost.keep_gate(gate);
  select min(one.token), bool_or(one.token is null) into holder, is_unknown
  from fencepost.who(steal.name, steal.namespace) as one;

  steal.grace_ends_at := coalesce(steal.grace_ends_at, clock_timestamp() + steal.grace);
  if holder <> coalesce(steal.token, 0) and (is_closed or not is_first) then
    steal.token := holder;
    steal.grace_ends_at := clock_timestamp() + steal.grace;
    perform fencepost.request_eviction(key, gate, holder, steal.grace_ends_at);
  elsif holder is null and is_unknown and clock_timestamp() > steal.grace_ends_at then
    raise exception 'lock "%" was not taken through fencepost: its holder cannot be asked to let go', steal.name
      using errcode = 'LK008', hint = 'Name its backend to fencepost.evict to have that ended.';
  end if;
  -- Who is asked hears of it with the commit.
  commit;

  if steal.token is not null then
    perform fencepost.end_evictees(steal.name, key, gate, steal.token, null, steal.grace_ends_at);
  end if;
  steal.steps := case when is_closed and holder is null then steal.steps + 1 else 0 end;
  if is_closed then
    steal.granted := fencepost.take_over(key, gate);
  end if;
  -- Others wait for the gate in slices, which are over by now. Who still has the key waits for as long as it takes, in a
  -- transaction of its own, and can be ended only once it has been granted the name.
  if steal.granted is null and steal.steps >= 4 then
    perform pg_advisory_unlock(gate);
    steal.steps := 0;
  end if;
end
$$;
