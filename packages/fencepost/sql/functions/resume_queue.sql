-- Lets the jobs of a paused queue be claimed again, and wakes who sleeps. False if it was not paused.
create or replace function fencepost.resume_queue(queue text)
  returns boolean
  language plpgsql
as $$
begin
  update fencepost.queues as known
  set paused_at = null, paused_by = null
  where known.queue = resume_queue.queue and known.paused_at is not null;
  if not found then
    return false;
  end if;
  perform fencepost.ring_workers(resume_queue.queue);
  return true;
end
$$;
