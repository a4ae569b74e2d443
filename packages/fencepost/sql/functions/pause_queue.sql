-- Has no more jobs of a queue claimed, by any worker; those that run go on. Also of one that nobody has used yet. False if it
-- was paused already.
create or replace function fencepost.pause_queue(queue text)
  returns boolean
  language plpgsql
as $$
begin
  insert into fencepost.queues as known (queue, paused_at, paused_by)
  values (pause_queue.queue, clock_timestamp(), session_user)
  on conflict on constraint queues_pkey do update
    set paused_at = excluded.paused_at, paused_by = excluded.paused_by
    where known.paused_at is null;
  return found;
end
$$;
