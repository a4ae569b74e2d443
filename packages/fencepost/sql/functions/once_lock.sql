-- The namespace of the locks under which once-keys run: names of their own, so that a key and a lock may be called the same.
create or replace function fencepost.once_lock(namespace text default 'default')
  returns text
  language sql immutable strict parallel safe
as $$
  select once_lock.namespace || '/once'
$$;
