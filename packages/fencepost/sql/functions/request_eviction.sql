-- Asks the sessions that hold a token to let go of it. Each believes the row, and is only woken by the notification. Those without
-- a session (plain SQL, other programs) cannot be asked.
create or replace function fencepost.request_eviction(key bigint, gate bigint, token bigint, expires_at timestamptz)
  returns boolean
  language plpgsql
as $$
declare
  session bigint;
begin
  perform set_config('lock_timeout', '0', true);
  if request_eviction.token % 2 = 1 then
    -- Whoever is about to join the shared holders has done so and is asked too, or finds no token to join: under the mutex.
    perform pg_advisory_xact_lock(fencepost.mutex(request_eviction.gate));
    delete from fencepost.shared_tokens
    where shared_tokens.key = request_eviction.key and shared_tokens.token = request_eviction.token;
  end if;
  delete from fencepost.evictions where evictions.expires_at < clock_timestamp();

  for session in
    insert into fencepost.evictions (session, key, token, expires_at)
    select owner.session, request_eviction.key, request_eviction.token, request_eviction.expires_at
    from fencepost.evictees(request_eviction.key, request_eviction.gate, request_eviction.token, null) as one
    join fencepost.sessions as owner on owner.backend = one.backend and owner.session = any(one.keys)
    where one.part = 'holder'
    on conflict on constraint evictions_pkey do update
      set role = excluded.role, application = excluded.application,
        expires_at = greatest(evictions.expires_at, excluded.expires_at)
    returning evictions.session
  loop
    perform pg_notify('fencepost:' || session, 'evict:' || request_eviction.key || ':' || request_eviction.token);
  end loop;
  return true;
end
$$;
