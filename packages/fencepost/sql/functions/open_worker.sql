-- Says that this session works, from before its first claim on. Without a session it makes one of this connection. Claims belong on the connection
-- that is the session: its key is free only when no claim of it can be committed any more. Answers with the session.
create or replace function fencepost.open_worker(
  queues text[], concurrency integer default 1, session bigint default null,
  application text default current_setting('application_name'), host text default '', process integer default pg_backend_pid()
)
  returns bigint
  language plpgsql
as $$
declare
  own bigint := open_worker.session;
begin
  if own is null then
    own := fencepost.session_key();
    perform fencepost.open_session(own, open_worker.application, open_worker.host, open_worker.process);
    -- It does not say each time when it has jobs: others look for its death as long as it is there.
    perform fencepost.mark_busy(true);
  end if;
  insert into fencepost.workers as worker (session, queues, concurrency, application, host, process)
  values (own, open_worker.queues, open_worker.concurrency, open_worker.application, open_worker.host, open_worker.process)
  on conflict on constraint workers_pkey do update set queues = excluded.queues, concurrency = excluded.concurrency;
  return own;
end
$$;
