-- Has enqueuers of these queues tell, from now on, that they enqueue: see ring_workers. To be followed by a look, as one may have come before.
create or replace function fencepost.register_sleeper(queues text[])
  returns boolean
  language plpgsql
as $$
declare
  queue text;
begin
  -- Waited for: an enqueuer holds it alone for no longer than it takes to see that it can.
  foreach queue in array register_sleeper.queues loop
    perform pg_advisory_lock_shared(fencepost.job_key('sleepers', queue));
  end loop;
  return true;
end
$$;
