-- Undoes register_sleeper: who is awake looks by himself, and needs no NOTIFY.
create or replace function fencepost.unregister_sleeper(queues text[])
  returns boolean
  language plpgsql
as $$
declare
  queue text;
begin
  foreach queue in array unregister_sleeper.queues loop
    perform pg_advisory_unlock_shared(fencepost.job_key('sleepers', queue));
  end loop;
  return true;
end
$$;
