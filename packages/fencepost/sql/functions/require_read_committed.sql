-- An older snapshot would not see what the lock protects: measured, two payouts at REPEATABLE READ and SERIALIZABLE.
create or replace function fencepost.require_read_committed()
  returns boolean
  language plpgsql
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a lock cannot be taken at isolation level %', current_setting('transaction_isolation')
      using errcode = 'LK002',
        detail = 'The transaction''s snapshot may be older than the lock and would miss what it protects.',
        hint = 'Take the lock before BEGIN, or take it in a READ COMMITTED transaction.';
  end if;
  return true;
end
$$;
