-- Which jobs of a queue may be claimed now, in the order of its line, under its mutex. First the head of the line; if it is long and that was not
-- enough, the first jobs of some lanes, from a random place on: all of them have their turn, and no claim does more than so much.
create or replace function fencepost.choose_jobs(session bigint, queue text, names text[], most integer)
  returns bigint[]
  language plpgsql
as $$
declare
  length constant integer := greatest(256, 2 * choose_jobs.most);
  pivot constant bigint := hashtextextended(random()::text, 0);
  is_limited constant boolean := fencepost.is_limited_queue(choose_jobs.queue);
  room integer := least(choose_jobs.most, fencepost.job_room('queue', choose_jobs.queue));
  -- What is left of names and groups, counted when they are met for the first time.
  rooms jsonb := '{}';
  closed text[] := '{}';
  chosen bigint[] := '{}';
  is_quarantined boolean := exists (
    select from fencepost.jobs as running
    where running.session = choose_jobs.session and running.state = 'running' and running.crashes > 0
  );
  seen integer;
  lane text;
  job text;
  one record;
begin
  for phase in 1 .. 3 loop
    seen := 0;
    for one in select * from fencepost.careful_candidates(choose_jobs.queue, is_limited, phase, pivot, length) loop
      exit when room <= 0;
      seen := seen + 1;
      lane := 'group:' || one.group_key;
      job := 'job:' || one.name;
      continue when lane = any (closed) or one.id = any (chosen);
      if not rooms ? job then
        rooms := rooms || jsonb_build_object(job, case when one.name = any (choose_jobs.names) is not false
          then fencepost.job_room('job', one.name) else 0 end);
      end if;
      if not rooms ? lane and coalesce((rooms ->> job)::integer, 1) > 0 then
        rooms := rooms || jsonb_build_object(lane, fencepost.job_room('group', choose_jobs.queue, one.group_key));
      end if;
      if (rooms ->> job)::integer <= 0 or (rooms ->> lane)::integer <= 0 or (one.crashes > 0 and is_quarantined) then
        -- Who is behind it in its group waits with it.
        closed := case when lane is null then closed else closed || lane end;
        continue;
      end if;
      is_quarantined := is_quarantined or one.crashes > 0;
      rooms := fencepost.take_room(rooms, array[lane, job]);
      room := room - 1;
      chosen := chosen || one.id;
    end loop;
    exit when room <= 0 or (phase = 1 and seen < length);
  end loop;
  return chosen;
end
$$;
