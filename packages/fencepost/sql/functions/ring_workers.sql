-- Has the workers told that sleep for want of jobs of this queue, when this transaction commits; nobody sleeps: nothing is sent, as NOTIFY has
-- all commits of the server stand in one line. A worker that goes to sleep takes the key of the sleepers first, looks for jobs
-- and then for enqueuers: one of the two sees the other, whichever comes first. Two keys, so that enqueuers do not take each other for sleepers.
create or replace function fencepost.ring_workers(queue text)
  returns boolean
  language plpgsql
as $$
declare
  sleepers constant bigint := fencepost.job_key('sleepers', ring_workers.queue);
begin
  perform pg_advisory_xact_lock_shared(fencepost.job_key('enqueuers', ring_workers.queue));
  -- One expression: a cancel between two statements would leave the sign held, and nobody could lie down, for as long as the connection lives.
  if pg_try_advisory_lock(sleepers) and pg_advisory_unlock(sleepers) then
    return false;
  end if;
  perform pg_notify('fencepost:jobs', ring_workers.queue);
  return true;
end
$$;
