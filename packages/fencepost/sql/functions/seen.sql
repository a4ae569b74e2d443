-- What has ended by now, for a grant to be compared with. A statement of its own in a volatile function: one that has taken a lock must not
-- answer from before it had it.
create or replace function fencepost.seen()
  returns pg_snapshot
  language plpgsql
as $$
begin
  return pg_current_snapshot();
end
$$;
