-- Takes away semaphores that nobody uses any more, some on either side of a random place, and says how many. Each under its mutex, so that
-- nobody is just taking a permit. Nothing in here waits.
create or replace function fencepost.collect_semaphores(session bigint, most integer)
  returns integer
  language plpgsql
as $$
declare
  -- A backend does not stand in its own way: what it holds itself would pass for free.
  mine constant bigint[] := array(select held.key from fencepost.held_keys(pg_backend_pid()) as held);
  place constant bigint := (random() * 4294967295 - 2147483648)::bigint << 32;
  collected integer;
begin
  with above as materialized (
    select * from fencepost.semaphores where key >= place order by key limit most for update skip locked
  ), below as materialized (
    select * from fencepost.semaphores where key < place order by key desc limit most for update skip locked
  ), unused as materialized (
    select one.key
    from (select * from above union all select * from below) as one
    where case
      when one.session = collect_semaphores.session or one.keys && mine or fencepost.is_alive(one.session) then false
      when not pg_try_advisory_xact_lock(fencepost.mutex(fencepost.gate_of(one.key))) then false
      else not fencepost.is_semaphore_used(one.key, one.keys)
    end
  )
  delete from fencepost.semaphores using unused where semaphores.key = unused.key;
  get diagnostics collected = row_count;
  return collected;
end
$$;
