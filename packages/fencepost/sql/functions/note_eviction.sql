-- Writes down who took a name away from whom, if that is recorded. It never keeps an eviction from being done.
create or replace function fencepost.note_eviction(name text, namespace text, token bigint, outcome text, holders jsonb)
  returns boolean
  language plpgsql
as $$
begin
  if not fencepost.is_recorded(note_eviction.name, note_eviction.namespace) then
    return false;
  end if;
  perform set_config('lock_timeout', '100', true);
  insert into fencepost.history_entries (what, namespace, name, mode, token, application, host, process, began_at, ended_at, cause)
  select 'evicted', note_eviction.namespace, note_eviction.name, holder.mode, note_eviction.token, holder.application, holder.host,
    holder.process, clock_timestamp(), clock_timestamp(),
    format(
      '%s, by role %I (%s)', case note_eviction.outcome when 'terminated' then 'its connection was ended' else 'it let go' end,
      current_user, coalesce(nullif(current_setting('application_name'), ''), 'an unnamed application')
    )
  from jsonb_to_recordset(note_eviction.holders) as holder (mode text, application text, host text, process integer);
  return true;
exception
  when insufficient_privilege or lock_not_available then
    return false;
end
$$;
