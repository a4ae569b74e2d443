-- Writes down how many permits a semaphore has, in the place of what stands; null if that changes meanwhile.
create or replace function fencepost.put_semaphore(
  stands fencepost.semaphores, session bigint, key bigint, namespace text, name text, permits integer, replaced integer
)
  returns fencepost.semaphores
  language plpgsql
as $$
declare
  permit_keys constant bigint[] := fencepost.permit_keys(
    put_semaphore.namespace, put_semaphore.name, greatest(put_semaphore.permits, put_semaphore.replaced)
  );
  put fencepost.semaphores;
begin
  if put_semaphore.stands.key is null then
    -- A name that is used once would leave its row for ever.
    perform fencepost.collect_semaphores(put_semaphore.session, 20);
    insert into fencepost.semaphores (key, namespace, name, permits, replaced, keys, session)
    values (
      put_semaphore.key, put_semaphore.namespace, put_semaphore.name,
      put_semaphore.permits, put_semaphore.replaced, permit_keys, put_semaphore.session
    )
    on conflict do nothing
    returning * into put;
  else
    update fencepost.semaphores as one
    set permits = put_semaphore.permits, replaced = put_semaphore.replaced, keys = permit_keys, session = put_semaphore.session
    where one.key = put_semaphore.key
      and (one.permits, one.session) = ((put_semaphore.stands).permits, (put_semaphore.stands).session)
      and one.replaced is not distinct from (put_semaphore.stands).replaced
    returning * into put;
  end if;
  return put;
exception
  -- Somebody else is just writing it down.
  when lock_not_available then
    return null;
end
$$;
