-- Lets go of the key of another program; false, with a warning of the server, if this session does not hold it.
create or replace function fencepost.unlock_foreign(mode text, number bigint, pair integer[])
  returns boolean
  language plpgsql
as $$
begin
  return case
    when unlock_foreign.mode = 'shared' and number is not null then pg_advisory_unlock_shared(number)
    when unlock_foreign.mode = 'shared' then pg_advisory_unlock_shared(pair[1], pair[2])
    when number is not null then pg_advisory_unlock(number)
    else pg_advisory_unlock(pair[1], pair[2])
  end;
end
$$;
