-- Hands out the next token of a name and writes its holder down. The caller holds the key and has closed the gate.
-- A row that exists continues its own count; a missing one starts at the current epoch, read after the lock is held.
create or replace function fencepost.raise_token(name text, namespace text, session bigint)
  returns bigint
  language plpgsql
as $$
declare
  raised bigint;
  epoch bigint;
begin
  update fencepost.locks
  set token = (locks.token | 1) + 1, mode = 'exclusive', session = raise_token.session,
      backend = pg_backend_pid(), acquired_at = clock_timestamp()
  where locks.namespace = raise_token.namespace and locks.name = raise_token.name
    and ((locks.token | 1) + 1) >> 32 = locks.token >> 32  -- the count must not run into the epoch
  returning locks.token into raised;
  if found then
    return raised;
  end if;

  epoch := fencepost.current_epoch();
  if exists (select from fencepost.locks where locks.namespace = raise_token.namespace and locks.name = raise_token.name) then
    epoch := fencepost.raise_epoch('the tokens of a name were used up: ' || raise_token.name);
  end if;

  insert into fencepost.locks as lock (namespace, name, token, session)
  values (raise_token.namespace, raise_token.name, epoch << 32, raise_token.session)
  on conflict on constraint locks_pkey do update
  set token = excluded.token, mode = excluded.mode, session = excluded.session,
      backend = excluded.backend, acquired_at = excluded.acquired_at
  returning lock.token into raised;
  return raised;
end
$$;
