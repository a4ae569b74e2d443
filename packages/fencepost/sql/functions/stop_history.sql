-- Has nothing written down any more of a name, or of any if none is given; false if nothing was. What was written stays, unless it is to be forgotten.
create or replace function fencepost.stop_history(
  name text default null, namespace text default 'default', forget boolean default false
)
  returns boolean
  language plpgsql
as $$
declare
  was_on boolean;
begin
  delete from fencepost.history_names as recorded
  where stop_history.name is null or recorded.namespace = stop_history.namespace and recorded.name = stop_history.name;
  was_on := found;
  if stop_history.forget then
    delete from fencepost.history_entries as entry
    where stop_history.name is null or entry.namespace = stop_history.namespace and entry.name = stop_history.name;
  end if;
  perform pg_notify('fencepost:history', 'fencepost');
  return was_on;
end
$$;
