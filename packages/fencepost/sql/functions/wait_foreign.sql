-- Waits for the key of another program, for lock_timeout, and has it until the end of the transaction; false if it was not granted by then.
create or replace function fencepost.wait_foreign(mode text, number bigint, pair integer[])
  returns boolean
  language plpgsql
as $$
begin
  if wait_foreign.mode = 'shared' and number is not null then
    perform pg_advisory_xact_lock_shared(number);
  elsif wait_foreign.mode = 'shared' then
    perform pg_advisory_xact_lock_shared(pair[1], pair[2]);
  elsif number is not null then
    perform pg_advisory_xact_lock(number);
  else
    perform pg_advisory_xact_lock(pair[1], pair[2]);
  end if;
  return true;
exception
  when lock_not_available then
    return false;
end
$$;
