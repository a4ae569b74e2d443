-- Whether the session of a ticket or of a holder lives. Not for one's own session: a backend never stands in its own way.
create or replace function fencepost.is_alive(session bigint)
  returns boolean
  language sql
as $$
  select not pg_try_advisory_xact_lock_shared(is_alive.session)
$$;
