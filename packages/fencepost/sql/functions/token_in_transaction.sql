-- The token by which this transaction holds a transaction lock; null if it does not. A savepoint that is rolled back takes both away: the
-- advisory locks and the note of them.
create or replace function fencepost.token_in_transaction(key bigint)
  returns bigint
  language sql
as $$
  select noted.numbers[i + 1]
  from (
    select nullif(current_setting('fencepost.locked', true), '')::bigint[] as numbers
  ) as noted
  cross join generate_series(1, cardinality(noted.numbers), 2) as i
  where noted.numbers[i] = token_in_transaction.key
    -- The setting may be anybody's, what is held is not.
    and exists (
      select from fencepost.held_keys(pg_backend_pid()) as held
      where held.mode = 'exclusive'
        and held.key = fencepost.token_key(fencepost.gate_of(token_in_transaction.key), noted.numbers[i + 1])
    )
$$;
