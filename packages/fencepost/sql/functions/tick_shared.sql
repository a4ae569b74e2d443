-- As tick, for shared locks. Where this session holds a name already, known is the token it has there, which a backend cannot ask itself
-- for: then only the line is looked at, and nothing is taken a second time. 0 instead of a token: somebody else asks for a shared lock
-- or after one at this moment, so it cannot be told whether the name is busy.
create or replace function fencepost.tick_shared(
  unlock bigint[], keys bigint[], gates bigint[], lines bigint[], known bigint[]
)
  returns text
  language plpgsql
  -- Of a table that somebody has locked.
  set lock_timeout = '1ms'
as $$
declare
  tokens bigint[] := tick_shared.known;
  done boolean;
  key bigint;
begin
  foreach key in array tick_shared.unlock loop
    done := pg_advisory_unlock_shared(key);
  end loop;

  for i in 1 .. cardinality(tick_shared.keys) loop
    if not pg_try_advisory_xact_lock(fencepost.mutex(tick_shared.gates[i])) then
      tokens[i] := 0;
    -- The key before the line, as tick does: the other way round, two that try a free name could both find it busy.
    elsif tick_shared.known[i] is null and not pg_try_advisory_xact_lock_shared(tick_shared.keys[i])
      or tick_shared.lines[i] is not null and not pg_try_advisory_xact_lock(tick_shared.lines[i])
    then
      tokens[i] := null;
    elsif tick_shared.known[i] is null then
      tokens[i] := fencepost.try_share(tick_shared.keys[i], tick_shared.gates[i]);
      done := pg_advisory_lock_shared(tick_shared.gates[i] # tokens[i]) is null;
      done := pg_advisory_lock_shared(case when tokens[i] is not null then tick_shared.keys[i] end) is null;
    end if;
  end loop;
  return tokens::text || ' ' || fencepost.seen()::text;
exception
  when query_canceled or others then
    for i in 1 .. cardinality(tick_shared.keys) loop
      if tick_shared.known[i] is null and tokens[i] > 0 then
        perform pg_advisory_unlock_shared(tick_shared.keys[i]), pg_advisory_unlock_shared(tick_shared.gates[i] # tokens[i]);
      end if;
    end loop;
    raise;
end
$$;
