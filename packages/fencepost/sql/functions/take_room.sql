-- One less of each of these; null is without end.
create or replace function fencepost.take_room(rooms jsonb, places text[])
  returns jsonb
  language sql immutable
as $$
  select take_room.rooms || coalesce(jsonb_object_agg(place, (take_room.rooms ->> place)::integer - 1), '{}')
  from unnest(take_room.places) as place
  where place is not null and take_room.rooms ->> place is not null
$$;
