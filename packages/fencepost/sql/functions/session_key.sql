-- A random key for a session, of those that the server lets go of first when a backend ends: it goes through the 16 partitions of its lock
-- table one after the other, and whoever waits is granted a lock while others of the same backend are still held. A guard that finds
-- the session alive can be sure then that none of its locks is granted to somebody else yet.
create or replace function fencepost.session_key()
  returns bigint
  language plpgsql
as $$
declare
  key bigint;
begin
  loop
    key := ('x' || encode(substr(sha256(uuid_send(gen_random_uuid())), 1, 8), 'hex'))::bit(64)::bigint;
    exit when fencepost.lock_partition(key) = 0;
  end loop;
  return key;
end
$$;
