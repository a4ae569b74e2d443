-- Takes the key of another program until the end of the transaction, if it is free at once and nobody waits for it: a number, or else a pair.
create or replace function fencepost.try_foreign(mode text, number bigint, pair integer[])
  returns boolean
  language plpgsql
as $$
begin
  return case
    when try_foreign.mode = 'shared' and number is not null then pg_try_advisory_xact_lock_shared(number)
    when try_foreign.mode = 'shared' then pg_try_advisory_xact_lock_shared(pair[1], pair[2])
    when number is not null then pg_try_advisory_xact_lock(number)
    else pg_try_advisory_xact_lock(pair[1], pair[2])
  end;
end
$$;
