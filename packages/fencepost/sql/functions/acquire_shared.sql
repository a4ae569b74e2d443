-- As acquire, for a shared lock: the gate is closed only by the first holder after an exclusive one.
create or replace function fencepost.acquire_shared(key bigint, gate bigint)
  returns text
  language plpgsql
as $$
declare
  stopped_at text;
  token bigint;
begin
  begin
    perform pg_advisory_xact_lock_shared(key);
    stopped_at := '{}';
    token := fencepost.join_shared(key, gate);
    if token is null then
      perform pg_advisory_xact_lock(gate);
      -- Somebody else may have drawn it while we waited.
      token := coalesce(fencepost.join_shared(key, gate), fencepost.draw_shared_token(key));
    end if;
  exception
    when lock_not_available then
      return stopped_at;
  end;
  perform pg_advisory_lock_shared(fencepost.token_key(gate, token));
  perform pg_advisory_lock_shared(key);
  return '{' || token || '} ' || fencepost.seen()::text;
end
$$;
