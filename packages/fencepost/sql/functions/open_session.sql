-- Introduces a connection: its random key is held for its whole life and tells others that its owner lives.
create or replace function fencepost.open_session(session bigint, application text, host text, process integer)
  returns boolean
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_lock(open_session.session);
  -- Whoever raises the epoch may have to wait for a standby; nobody else waits on this connection yet.
  perform set_config('lock_timeout', '0', true);
  perform fencepost.ensure_epoch();

  begin
    -- Whoever has locked one of these tables keeps nobody from connecting.
    perform set_config('lock_timeout', '1', true);
    -- A few of those that died since; with them goes what they held and waited for.
    with dead as (
      delete from fencepost.sessions
      where sessions.session in (
        select one.session
        from fencepost.sessions as one
        where one.session <> open_session.session and pg_try_advisory_xact_lock_shared(one.session)
        limit 20
        for update skip locked
      )
      returning sessions.session
    ), left_behind as (
      delete from fencepost.waiters where waiters.session in (select dead.session from dead)
    )
    delete from fencepost.holders where holders.session in (select dead.session from dead);
    perform fencepost.collect_shared_tokens(20);
  exception
    when lock_not_available then
      null;
  end;

  perform set_config('lock_timeout', '0', true);
  insert into fencepost.sessions (session, application, host, process)
  values (open_session.session, open_session.application, open_session.host, open_session.process);
  return true;
end
$$;
