-- The sessions of ours that live, by what they hold as long as they do.
create or replace function fencepost.live_sessions()
  returns table (session bigint, backend integer, application text, host text, process integer, opened_at timestamptz)
  language sql set enable_nestloop = off set jit = off
as $$
  select sessions.session, sessions.backend, sessions.application, sessions.host, sessions.process, sessions.opened_at
  from fencepost.sessions
  join fencepost.held_keys() as held on held.key = sessions.session and held.backend = sessions.backend
  where held.mode = 'exclusive'
$$;
