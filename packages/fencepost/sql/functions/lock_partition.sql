-- The partition of the server's lock table that an advisory key of this database belongs to, 0 to 15, as LockHashPartition of lock.h has it:
-- by a hash of the 16 bytes of its LOCKTAG, which are hashed as a uuid is. On a machine that is not little-endian they stand in
-- another order, and the number means nothing.
create or replace function fencepost.lock_partition(key bigint)
  returns integer
  language sql stable
as $$
  select uuid_hash(encode(
    (
      select string_agg(substr(int8send(word.value), 9 - byte, 1), '' order by word.place, byte)
      from unnest(array[database.oid::bigint, lock_partition.key >> 32, lock_partition.key])
        with ordinality as word (value, place), generate_series(1, 4) as byte
    )
    -- One key of 64 bits; an advisory lock; of the method for users.
    || decode('01000a02', 'hex'), 'hex')::uuid) & 15
  from pg_catalog.pg_database as database
  where database.datname = current_database()
$$;
