-- Makes the jobs of a dead session ready again, and those dead that have used up their attempts. Who was there at one death goes on as before; at the
-- second a job is no longer taken for innocent, and runs as the only such one on a worker (is_plain false, crashes), so that it cannot take
-- others with it for ever. Nothing is waited for: what a late statement of the dead one has locked is for the next look, and
-- until then the worker stays listed.
create or replace function fencepost.take_from_dead(session bigint, reason text)
  returns bigint
  language plpgsql
as $$
declare
  left_behind fencepost.jobs;
  taken bigint := 0;
  queues text[] := '{}';
  rung text;
begin
  for left_behind in
    select job.* from fencepost.jobs as job
    where job.state = 'running' and job.session = take_from_dead.session
    order by job.id
    for update skip locked
  loop
    taken := taken + 1;
    update fencepost.jobs as job
    set crashes = job.crashes + 1, is_plain = job.is_plain and job.crashes = 0, error = take_from_dead.reason
    where job.id = left_behind.id;
    if left_behind.attempt >= left_behind.attempts then
      perform fencepost.bury_jobs(
        left_behind.token, array[left_behind.id], array[format('%s at attempt %s of %s', take_from_dead.reason, left_behind.attempt, left_behind.attempts)]
      );
    else
      update fencepost.jobs as job
      set state = 'ready', token = null, session = null, claimed_at = null
      where job.id = left_behind.id;
      queues := queues || left_behind.queue;
    end if;
  end loop;
  for rung in select distinct queue from unnest(queues) as queue loop
    perform fencepost.ring_workers(rung);
  end loop;
  delete from fencepost.workers as worker
  where worker.session = take_from_dead.session
    and not exists (select from fencepost.jobs as job where job.state = 'running' and job.session = take_from_dead.session);
  return taken;
end
$$;
