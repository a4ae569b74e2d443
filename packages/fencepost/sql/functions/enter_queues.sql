-- Takes the mutexes of those of these queues that have jobs which need a look at others, to the end of the transaction, and says for each queue
-- whether it has it. Waits for the first one only: two that have one and wait for each other's would do so for ever; where one is not had somebody
-- is claiming. after_ids: as for claim_jobs; where there is one the place where the line began is believed.
create or replace function fencepost.enter_queues(queues text[], after_ids bigint[] default null)
  returns boolean[]
  language plpgsql
as $$
declare
  entered boolean[] := '{}';
  queue text;
begin
  for i in 1 .. cardinality(enter_queues.queues) loop
    queue := enter_queues.queues[i];
    if not exists (select from fencepost.careful_start(queue, enter_queues.after_ids[i] is null))
      and not fencepost.is_limited_queue(queue)
    then
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
