-- Takes one name exclusively if it is free at once and nobody waits for it, as tick does for many: its token and what has ended by then;
-- null means busy. The head of a line passes null for the line. For the library's own connection, outside a transaction.
-- One expression, so that the planner puts it in place of the call: in plpgsql each step of it would be set up anew each time.
-- Nothing fails between the session forms: the second finds its place in the lock table taken already.
create or replace function fencepost.take(key bigint, gate bigint, line bigint)
  returns text
  language sql
as $$
  select case
    when not (
      pg_try_advisory_xact_lock(take.key)
      and (take.line is null or pg_try_advisory_xact_lock(take.line))
      and pg_try_advisory_xact_lock(take.gate)
    ) then null
    -- As next_token does: token_of is for the few numbers that want more than doubling, and is never null.
    when (nextval('fencepost.tokens') < 1024::bigint << 31 or currval('fencepost.tokens') % 1048576 = 0)
      and fencepost.token_of(currval('fencepost.tokens')) is null then null
    when pg_advisory_lock(take.gate # (currval('fencepost.tokens') * 2)) is not null and pg_advisory_lock(take.key) is not null
      then '{' || currval('fencepost.tokens') * 2 || '} ' || fencepost.seen()::text
  end
$$;
