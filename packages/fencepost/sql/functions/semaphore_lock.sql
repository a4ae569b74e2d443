-- The namespace of permits, permit 3 of stripe being the lock stripe#3 there: names of their own, so that a semaphore and a lock may be
-- called the same.
create or replace function fencepost.semaphore_lock(namespace text default 'default')
  returns text
  language sql immutable strict parallel safe
as $$
  select semaphore_lock.namespace || '/semaphore'
$$;
