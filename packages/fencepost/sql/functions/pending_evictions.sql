-- What a session is asked to let go of, and by whom.
create or replace function fencepost.pending_evictions(session bigint)
  returns table (key bigint, token bigint, role text, application text)
  language sql
as $$
  select evictions.key, evictions.token, evictions.role::text, evictions.application
  from fencepost.evictions
  where evictions.session = pending_evictions.session and evictions.expires_at > clock_timestamp()
$$;
