-- An instant for people, the same in every session whatever its settings.
create or replace function fencepost.instant_text(instant timestamptz)
  returns text
  language sql immutable strict parallel safe
as $$
  select to_char(instant_text.instant at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.MS') || ' UTC'
$$;
