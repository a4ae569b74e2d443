-- Lets go of whatever this connection holds of a name and of the key of another program that is locked along with it.
create or replace function fencepost.forget_foreign(key bigint, gate bigint, mode text, number bigint, pair integer[])
  returns boolean
  language plpgsql
as $$
begin
  perform fencepost.forget(key, gate);
  return fencepost.unlock_foreign(mode, number, pair);
end
$$;
