-- As acquire, or acquire_shared, together with the key of another program, which is waited for first and no longer than lock_timeout: both
-- or none. Null also if it stopped at the foreign key. For the library's own connection, outside a transaction.
create or replace function fencepost.acquire_foreign(key bigint, gate bigint, mode text, number bigint, pair integer[])
  returns text
  language plpgsql
as $$
declare
  answer text;
begin
  if not fencepost.wait_foreign(mode, number, pair) then
    return null;
  end if;
  if acquire_foreign.mode = 'shared' then
    answer := fencepost.acquire_shared(key, gate);
  else
    answer := fencepost.acquire(key, gate);
  end if;
  -- The session form last: no error and no rollback would undo it.
  if answer <> '{}' then
    perform fencepost.keep_foreign(mode, number, pair);
  end if;
  return answer;
end
$$;
