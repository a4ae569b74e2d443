-- Whether this transaction keeps the gate of a name and has found its token good.
create or replace function fencepost.has_passed(key bigint)
  returns boolean
  language sql
as $$
  select split_part(current_setting('fencepost.passed', true), ':', 1) = pg_current_xact_id()::text
    and has_passed.key = any (split_part(current_setting('fencepost.passed', true), ':', 2)::bigint[])
$$;
