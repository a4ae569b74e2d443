-- Takes a name away from whoever holds it under the token that is named, or under the one it is held under now, and from nobody else:
-- call fencepost.evict('report'). The holder is asked to let go; one that has not after the grace, and guarded transactions of it
-- still in flight, are ended. After the return nothing is committed under that token any more.
-- outcome: released, terminated (a backend was ended), not held, changed (somebody else holds it); nothing was done for the last two.
-- backend: of a holder that has no token, as it did not come through us; it cannot be asked.
create or replace procedure fencepost.evict(
  name text, inout token bigint default null, grace interval default '5 s', namespace text default 'default',
  backend integer default null, inout outcome text default null, inout holders jsonb default null
)
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(evict.name, evict.namespace);
  gate constant bigint := fencepost.gate(evict.name, evict.namespace);
  grace_ends_at constant timestamptz := clock_timestamp() + coalesce(evict.grace, '5 s');
  was_ended boolean := false;
begin
  -- Refused inside a transaction (2D000): its locks might be what the holder waits for, and the request must be seen.
  commit;
  select * into evict.token, evict.outcome, evict.holders
  from fencepost.find_evictee(evict.name, evict.namespace, evict.backend, evict.token);
  if evict.outcome is not null then
    return;
  elsif evict.token % 2 = 1 or evict.token is not null and grace_ends_at > clock_timestamp() then
    -- Also without a grace, if it is shared: nobody joins its holders any more.
    perform fencepost.request_eviction(key, gate, evict.token, grace_ends_at);
  end if;

  -- From the closing of the gate to the end there is no commit: whatever ends this transaction opens it again.
  loop
    commit;
    exit when evict.token is null or fencepost.close_gate(gate)
      or fencepost.eviction_state(key, gate, evict.token, null) = 'passed on';
    was_ended := fencepost.end_evictees(evict.name, key, gate, evict.token, null, grace_ends_at) or was_ended;
  end loop;
  while fencepost.eviction_state(key, gate, evict.token, evict.backend) = 'held' loop
    was_ended := fencepost.end_evictees(evict.name, key, gate, evict.token, evict.backend, grace_ends_at) or was_ended;
    perform pg_sleep(0.01);
  end loop;
  evict.outcome := case when was_ended then 'terminated' else 'released' end;
  perform fencepost.note_eviction(evict.name, evict.namespace, evict.token, evict.outcome, evict.holders);
end
$$;

-- To be granted to those who may: grant execute on procedure fencepost.evict to …
revoke execute on procedure fencepost.evict(text, bigint, interval, text, integer, text, jsonb) from public;
