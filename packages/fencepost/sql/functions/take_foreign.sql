-- As take, or tick_shared for one name, together with the key of another program: both or none, and nothing waits. The foreign key is the
-- outer of the two: it is asked for first and let go of last, so that whoever is granted it finds the token of the holder before dead.
-- For the library's own connection, outside a transaction.
create or replace function fencepost.take_foreign(
  key bigint, gate bigint, line bigint, mode text, number bigint, pair integer[]
)
  returns text
  language plpgsql
as $$
declare
  answer text;
begin
  if not fencepost.try_foreign(mode, number, pair) then
    return null;
  end if;
  if take_foreign.mode = 'shared' then
    answer := fencepost.tick_shared('{}', array[key], array[gate], array[line], array[null::bigint]);
  else
    answer := fencepost.take(key, gate, line);
  end if;
  -- Neither busy nor a 0, which is to be asked again. The session form last: no error and no rollback would undo it.
  if answer !~ '^.[0N]' then
    perform fencepost.keep_foreign(mode, number, pair);
  end if;
  return answer;
end
$$;
