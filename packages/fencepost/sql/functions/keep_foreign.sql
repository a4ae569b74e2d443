-- Keeps for the session the key of another program that this transaction holds.
create or replace function fencepost.keep_foreign(mode text, number bigint, pair integer[])
  returns boolean
  language plpgsql
as $$
begin
  if keep_foreign.mode = 'shared' and number is not null then
    perform pg_advisory_lock_shared(number);
  elsif keep_foreign.mode = 'shared' then
    perform pg_advisory_lock_shared(pair[1], pair[2]);
  elsif number is not null then
    perform pg_advisory_lock(number);
  else
    perform pg_advisory_lock(pair[1], pair[2]);
  end if;
  return true;
end
$$;
