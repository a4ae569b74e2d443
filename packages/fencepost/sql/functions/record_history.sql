-- Has written down from now on what becomes of a name, or of all names in all namespaces: grants, releases, losses, evictions and refused commits. Each
-- process hears of it at once. keep: for how long, of several that apply to a name the longest; of all names together at most a million entries.
create or replace function fencepost.record_history(
  name text default null, namespace text default 'default', keep interval default '7 d'
)
  returns boolean
  language plpgsql
as $$
begin
  insert into fencepost.history_names (namespace, name, keep)
  values (
    case when record_history.name is null then '' else record_history.namespace end, coalesce(record_history.name, ''), record_history.keep
  )
  on conflict on constraint history_names_pkey do update set keep = excluded.keep;
  perform pg_notify('fencepost:history', 'fencepost');
  return true;
end
$$;
