-- Takes their jobs from workers that are dead: the key of their session is free, and nobody will ever hold it again. Says how many jobs.
-- session: of the asker, which is not in its own way and would find itself dead.
create or replace function fencepost.rescue_jobs(session bigint)
  returns bigint
  language plpgsql
as $$
declare
  worker record;
  rescued bigint := 0;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'jobs can be rescued in a READ COMMITTED transaction only' using errcode = 'LK002',
      hint = 'The snapshot of this one may miss what a worker has claimed since, which nobody would ever rescue then.';
  end if;
  for worker in select one.* from fencepost.workers as one where one.session is distinct from rescue_jobs.session loop
    continue when not pg_try_advisory_xact_lock_shared(worker.session);
    rescued := rescued + fencepost.take_from_dead(
      worker.session, format('its worker died: %s, process %s on %s', worker.application, worker.process, worker.host)
    );
  end loop;
  return rescued;
end
$$;
