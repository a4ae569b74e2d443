-- Introduces a connection: its random key is held for its whole life and tells others that its owner lives.
create or replace function fencepost.open_session(session bigint, application text, host text, process integer)
  returns boolean
  language plpgsql
as $$
begin
  perform pg_advisory_lock(open_session.session);
  -- Up front, so that what was restored or copied is fenced before the first lock.
  perform fencepost.current_epoch();

  delete from fencepost.sessions
  where sessions.session in (
    select dead.session
    from fencepost.sessions as dead
    where dead.session <> open_session.session and pg_try_advisory_xact_lock_shared(dead.session)
    limit 20
    for update skip locked
  );
  insert into fencepost.sessions (session, application, host, process)
  values (open_session.session, open_session.application, open_session.host, open_session.process);
  return true;
end
$$;
