-- What a process wants done in one tick: keys to let go of first, then names to take exclusively if they are free at once and
-- nobody waits for them; the head of a line passes null for the line. Returns a token for each name, in order, null for busy,
-- and what has ended by then (seen). Nothing in here waits. For the library's own connection, outside a transaction.
create or replace function fencepost.tick(unlock bigint[], keys bigint[], gates bigint[], lines bigint[])
  returns text
  language plpgsql
as $$
declare
  tokens bigint[] := array_fill(null::bigint, array[cardinality(tick.keys)]);
  done boolean;
  key bigint;
  half bigint;
begin
  foreach key in array tick.unlock loop
    done := pg_advisory_unlock(key);
  end loop;

  for i in 1 .. cardinality(tick.keys) loop
    if pg_try_advisory_xact_lock(tick.keys[i])
      and (tick.lines[i] is null or pg_try_advisory_xact_lock(tick.lines[i]))
      and pg_try_advisory_xact_lock(tick.gates[i])
    then
      -- As next_token does, without the price of a call for each name: that is for the few numbers that want more than doubling.
      half := nextval('fencepost.tokens');
      tokens[i] := case
        when half < 1024::bigint << 31 or half % 1048576 = 0 then fencepost.token_of(half)
        else half * 2
      end;
      -- The session forms last: no error and no rollback would undo them.
      done := pg_advisory_lock(tick.gates[i] # tokens[i]) is null;
      done := pg_advisory_lock(tick.keys[i]) is null;
    end if;
  end loop;
  return tokens::text || ' ' || fencepost.seen()::text;
exception
  when query_canceled or others then
    for i in 1 .. cardinality(tick.keys) loop
      if tokens[i] is not null then
        perform pg_advisory_unlock(tick.keys[i]), pg_advisory_unlock(tick.gates[i] # tokens[i]);
      end if;
    end loop;
    raise;
end
$$;
