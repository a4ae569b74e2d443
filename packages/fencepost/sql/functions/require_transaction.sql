-- Refuses a statement that is a transaction of its own (25P01): what it guards or locks is over before the next one begins. Such a
-- transaction has the very time of its statement; one that was begun before has an earlier one. Only for a statement sent alone, by the
-- simple protocol: by the extended one the times differ in any case, and nothing is refused.
create or replace function fencepost.require_transaction()
  returns boolean
  language plpgsql
as $$
begin
  if transaction_timestamp() = statement_timestamp() then
    raise exception 'there is no open transaction' using errcode = 'no_active_sql_transaction', hint = 'Send BEGIN first.';
  end if;
  return true;
end
$$;
