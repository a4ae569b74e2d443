-- Notes that this transaction keeps the gate of a name and has found its token good, so that it is looked at once and not for each
-- row. A savepoint that is rolled back lets go of the gate and takes the note with it.
create or replace function fencepost.mark_passed(key bigint)
  returns boolean
  language plpgsql
as $$
declare
  passed constant text := current_setting('fencepost.passed', true);
  xact constant text := pg_current_xact_id()::text;
  before constant text := case split_part(passed, ':', 1) when xact then split_part(passed, ':', 2) end;
begin
  perform set_config('fencepost.passed', xact || ':' || (coalesce(before, '{}')::bigint[] || mark_passed.key)::text, true);
  return true;
end
$$;
