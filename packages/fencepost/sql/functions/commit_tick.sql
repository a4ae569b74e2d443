-- Notes in a transaction of a tick, before its guard, that one was committed: the tick is not run again then. Refused where it is no longer run under
-- this token. Whoever wants to say that it is lost leaves it to this transaction.
create or replace function fencepost.commit_tick(id bigint, token bigint, lock_name text, lock_namespace text)
  returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  update fencepost.schedule_ticks as tick
  set has_committed = true
  where tick.id = commit_tick.id and tick.token = commit_tick.token and tick.state = 'running';
  return found or fencepost.refuse_token(commit_tick.lock_name, commit_tick.token, commit_tick.lock_namespace);
end
$$;
