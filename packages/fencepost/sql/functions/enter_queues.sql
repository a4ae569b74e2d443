-- Takes the mutexes of those of these queues that have jobs which need a look at others, to the end of the transaction, and says for each queue whether it has it. Waits
-- for the first one only: two that have one and wait for each other's would do so for ever. Somebody is claiming where one is not had.
create or replace function fencepost.enter_queues(queues text[])
  returns boolean[]
  language plpgsql
as $$
declare
  entered boolean[] := '{}';
  queue text;
begin
  foreach queue in array enter_queues.queues loop
    if not fencepost.has_careful_jobs(queue) then
      entered := entered || false;
    elsif true = any (entered) then
      entered := entered || pg_try_advisory_xact_lock(fencepost.job_key('careful', queue));
    else
      perform pg_advisory_xact_lock(fencepost.job_key('careful', queue));
      entered := entered || true;
    end if;
  end loop;
  return entered;
end
$$;
