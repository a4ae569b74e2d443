-- Whether what becomes of a name is written down.
create or replace function fencepost.is_recorded(name text, namespace text)
  returns boolean
  language sql
as $$
  select exists (
    select from fencepost.history_names as recorded
    where recorded.name = is_recorded.name and recorded.namespace = is_recorded.namespace or recorded.name = ''
  )
$$;
