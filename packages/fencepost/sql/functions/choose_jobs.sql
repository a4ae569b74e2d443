-- Which jobs of a queue may be claimed now, in the order of its line, under its mutex. First the head of the line, from where it was
-- seen to begin if that will do (a claim that comes up short has looked from the very head, unless it need not be fresh); if it is long and that was not
-- enough, the first jobs of some lanes, from a random place on: all of them have their turn, and no claim does more than so much.
create or replace function fencepost.choose_jobs(session bigint, queue text, names text[], most integer, is_fresh boolean)
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
  first_phase constant integer := case when not choose_jobs.is_fresh or exists (
    select from fencepost.careful_start(choose_jobs.queue, false) as start where start.is_recent
  ) then 0 else 1 end;
  seen integer;
  lane text;
  job text;
  one record;
begin
  for phase in first_phase .. 3 loop
    continue when phase = 1 and not choose_jobs.is_fresh;
    seen := 0;
    for one in select * from fencepost.careful_candidates(
      choose_jobs.queue, is_limited, phase, pivot, length
    ) loop
      exit when room <= 0;
      seen := seen + 1;
      lane := 'group:' || one.group_key;
      job := 'job:' || one.name;
      continue when lane = any (closed) or one.id = any (chosen);
      -- One that has come before the place where this phase begins has its turn in the next.
      continue when phase = 0 and not rooms ? lane and fencepost.is_overtaking(choose_jobs.queue, one.group_key, one.id);
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
    exit when room <= 0 or (seen < length and (phase = 1 or (phase = 0 and not choose_jobs.is_fresh)));
  end loop;
  return chosen;
end
$$;
