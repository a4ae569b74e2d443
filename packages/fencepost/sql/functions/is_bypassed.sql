-- Whether this transaction may write to protected tables without a token. The time of its begin tells it from one of the same number in
-- a database this one was restored from.
create or replace function fencepost.is_bypassed()
  returns boolean
  language plpgsql
as $$
begin
  return exists (
    select from fencepost.bypasses where xact = pg_current_xact_id() and began_at = transaction_timestamp()
  );
end
$$;
