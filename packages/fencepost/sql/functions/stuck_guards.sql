-- Guarded transactions that keep a gate while the server waits for their client in the middle of a statement: of COPY FROM STDIN, or
-- of a pipeline that has not come to its Sync. No limit of the server ends such a wait (between statements idle_limit of guard does).
-- progress changes with whatever arrives from the client. None where the caller may not see it, and none before PostgreSQL 14,
-- which does not show how far a COPY has come.
create or replace function fencepost.stuck_guards(gate bigint)
  returns table (backend integer, progress text)
  language plpgsql
as $$
begin
  if current_setting('server_version_num')::integer < 140000 then
    return;
  end if;
  return query
    select held.backend,
      concat_ws(' ', activity.backend_start, activity.query_start, activity.state_change, copy.bytes_processed)
    from fencepost.held_keys() as held
    join pg_catalog.pg_stat_activity as activity on activity.pid = held.backend
    left join pg_catalog.pg_stat_progress_copy as copy on copy.pid = held.backend
    where held.key = stuck_guards.gate and held.mode = 'shared'
      and activity.state = 'active' and activity.wait_event = 'ClientRead';
end
$$;
