-- Lets go of the permits of a semaphore that this connection has, but for those that are held: what an error has left behind, which may have
-- undone what is written down of the semaphore.
create or replace function fencepost.forget_permits(namespace text, name text, permits integer, held integer[])
  returns boolean
  language plpgsql
as $$
begin
  perform fencepost.forget(permit.key, fencepost.gate_of(permit.key))
  from unnest(fencepost.permit_keys(forget_permits.namespace, forget_permits.name, forget_permits.permits))
    with ordinality as permit (key, number)
  join fencepost.held_keys(pg_backend_pid()) as mine on mine.key = permit.key
  where permit.number <> all(forget_permits.held);
  return true;
end
$$;
