-- Takes away tokens of shared locks that nobody holds any more, some on either side of a random place: a name that was shared once
-- would leave its row for ever. Each name under its mutex, so that nobody is just joining its holders; not under its key, or a try
-- would find a free name busy. Nothing in here waits. Tokens go on rising: they come from the sequence, not from these rows.
create or replace function fencepost.collect_shared_tokens(most integer default 100)
  returns integer
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp set lock_timeout = '1ms'
as $$
declare
  -- A backend does not stand in its own way: what it holds itself would pass for idle.
  mine constant bigint[] := array(select held.key from fencepost.held_keys(pg_backend_pid()) as held);
  place constant bigint := (random() * 4294967295 - 2147483648)::bigint << 32;
  collected integer;
begin
  with above as materialized (
    select * from fencepost.shared_tokens where key >= place order by key limit most for update skip locked
  ), below as materialized (
    select * from fencepost.shared_tokens where key < place order by key desc limit most for update skip locked
  ), idle as materialized (
    select one.key, one.token
    from (select * from above union all select * from below) as one, fencepost.gate_of(one.key) as gate
    where case
      when fencepost.token_key(gate, one.token) = any(mine) or not pg_try_advisory_xact_lock(fencepost.mutex(gate)) then false
      -- Given back at once, as in shared_token: kept to the end, it might go after the mutex.
      else pg_try_advisory_lock(fencepost.token_key(gate, one.token))
        and pg_advisory_unlock(fencepost.token_key(gate, one.token))
    end
  )
  delete from fencepost.shared_tokens
  using idle
  where shared_tokens.key = idle.key and shared_tokens.token = idle.token;
  get diagnostics collected = row_count;
  return collected;
exception
  -- Out of memory: no room in the lock table.
  when lock_not_available or out_of_memory then
    return 0;
end
$$;
