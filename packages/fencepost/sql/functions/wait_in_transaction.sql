-- Takes advisory locks to the end of this transaction, one after the other, for wait altogether (55P03), or for as long as lock_timeout
-- lets each take if that is less or wait is null. Leaves lock_timeout as it was.
create or replace function fencepost.wait_in_transaction(keys bigint[], wait interval)
  returns boolean
  language plpgsql
as $$
declare
  limit_before constant text := current_setting('lock_timeout');
  limit_ms constant integer := (extract(epoch from limit_before::interval) * 1000)::integer;
  deadline constant timestamptz := clock_timestamp() + wait_in_transaction.wait;
  left_ms integer;
  key bigint;
begin
  foreach key in array wait_in_transaction.keys loop
    if deadline is not null then
      left_ms := least(extract(epoch from deadline - clock_timestamp()) * 1000, 2147483647)::integer;
      -- 0 would be for ever.
      perform set_config('lock_timeout', greatest(1, least(left_ms, nullif(limit_ms, 0)))::text, true);
    end if;
    perform pg_advisory_xact_lock(key);
  end loop;
  perform set_config('lock_timeout', limit_before, true);
  return true;
end
$$;
