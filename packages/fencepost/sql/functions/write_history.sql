-- Writes down what a process tells of its locks; what has begun and ends is one entry. It shares its connection with locks, so it waits neither for a
-- table that somebody has locked, false then, nor for the disk.
create or replace function fencepost.write_history(recorder bigint, application text, host text, process integer, entries jsonb)
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true), set_config('synchronous_commit', 'off', true);
  insert into fencepost.history_entries (
    what, namespace, name, mode, token, application, host, process, recorder, holding, began_at, ended_at, ending, cause
  )
  select told.what, told.namespace, told.name, told.mode, told.token, write_history.application, write_history.host,
    write_history.process, write_history.recorder, told.holding,
    clock_timestamp() - told."beganAgoMs" * interval '1 ms', clock_timestamp() - told."endedAgoMs" * interval '1 ms', told.ending, told.cause
  from jsonb_to_recordset(write_history.entries) as told (
    what text, namespace text, name text, mode text, token bigint, holding bigint, "beganAgoMs" float8, "endedAgoMs" float8, ending text, cause text
  )
  order by told."beganAgoMs" desc
  on conflict on constraint history_entries_of_holdings do update
    set ended_at = excluded.ended_at, ending = excluded.ending, cause = excluded.cause;
  return true;
exception
  when lock_not_available then
    return false;
end
$$;
