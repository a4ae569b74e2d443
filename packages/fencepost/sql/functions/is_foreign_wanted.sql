-- Whether somebody waits to have the key of another program for itself: readers who share a session that holds it must not go on joining, as
-- a backend does not stand in its own way, and whoever waits would never be granted it.
create or replace function fencepost.is_foreign_wanted(number bigint, pair integer[])
  returns boolean
  language plpgsql
as $$
begin
  return exists (
    select
    from fencepost.advisory_locks(fencepost.lock_table()) as seen
    where not seen.granted and seen.mode = 'exclusive'
      and (seen.key = is_foreign_wanted.number or seen.pair = is_foreign_wanted.pair)
  );
end
$$;
