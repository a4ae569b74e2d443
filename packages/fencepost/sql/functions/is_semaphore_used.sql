-- Whether another connection holds a permit of a semaphore, or waits for one. For whoever holds its mutex exclusively: nobody is just taking
-- one then, so the probes, which stay to the end of the transaction, are in nobody's way.
create or replace function fencepost.is_semaphore_used(key bigint, keys bigint[])
  returns boolean
  language plpgsql
as $$
declare
  line constant bigint := fencepost.line(fencepost.gate_of(is_semaphore_used.key));
begin
  return not (pg_try_advisory_lock(line) and pg_advisory_unlock(line))
    or exists (select from unnest(is_semaphore_used.keys) as permit where not pg_try_advisory_xact_lock_shared(permit));
end
$$;
