-- Claims up to `most` jobs of these queues, the first queue first, under one new token; up to `careful` of them need a look at others, and if `careful`
-- is more there may be as many as that. after_priorities and after_ids say for each queue behind which place to begin; null: at its head. Nothing of a
-- queue that is paused, and nothing but jobs of these names, if they are given. Answers with JSON: {"token": …, "isCareful": …, "lines": [[queue, [job, …]], …]},
-- a job as job_tuple has it; a queue has a line for each way its jobs were claimed. isCareful: false if there was nothing that needed a look at others. Refused (54000) if several
-- together are so heavy that who reads the answer might not bear it: nothing is claimed then, and fewer can be.
create or replace function fencepost.claim_jobs(
  session bigint, queues text[], most integer, careful integer,
  after_priorities integer[] default null, after_ids bigint[] default null, names text[] default null
)
  returns text
  language plpgsql
as $$
declare
  -- Mutexes first, then the token: of two who claim from one group the later one has the higher.
  entered constant boolean[] := case when claim_jobs.careful > 0 then fencepost.enter_queues(claim_jobs.queues, claim_jobs.after_ids) end;
  token constant bigint := fencepost.next_token();
  wanted integer := claim_jobs.most;
  wanted_careful integer := claim_jobs.careful;
  -- For both sorts together: what cannot begin would wait for what does, while another worker may have time for it.
  room integer := greatest(claim_jobs.most, claim_jobs.careful);
  -- As the others would never let them through. Where they could take all the room, which are first is left to chance.
  is_careful_first constant boolean := claim_jobs.most > claim_jobs.careful or random() < 0.5;
  claimed record;
  lines text[] := '{}';
  answer text;
begin
  -- Nobody would ever find the jobs of one that is not listed.
  if not exists (select from fencepost.workers as worker where worker.session = claim_jobs.session) then
    raise exception 'session % is no worker', claim_jobs.session
      using errcode = 'object_not_in_prerequisite_state', hint = 'select fencepost.open_worker(array[''default'']) gives one for this connection.';
  end if;
  for i in 1 .. cardinality(claim_jobs.queues) loop
    exit when room <= 0;
    continue when exists (
      select from fencepost.queues as paused where paused.queue = claim_jobs.queues[i] and paused.paused_at is not null
    );
    for step in 1 .. 2 loop
      if (step = 1) = is_careful_first then
        continue when entered[i] is not true;
        select count(*)::integer as number, string_agg(fencepost.job_tuple(job), ',' order by job.priority, job.id) as jobs into claimed
        from fencepost.claim_careful_jobs(
          claim_jobs.session, token, claim_jobs.queues[i], claim_jobs.names, least(wanted_careful, room), claim_jobs.after_ids[i] is null
        ) as job;
        wanted_careful := wanted_careful - claimed.number;
      else
        continue when least(wanted, room) <= 0 or fencepost.is_limited_queue(claim_jobs.queues[i]);
        select plain.claimed as number, plain.jobs into claimed
        from fencepost.claim_plain_jobs(
          claim_jobs.session, token, claim_jobs.queues[i], claim_jobs.names, least(wanted, room),
          coalesce(claim_jobs.after_priorities[i], -2147483648), coalesce(claim_jobs.after_ids[i], 0)
        ) as plain;
        wanted := wanted - claimed.number;
      end if;
      room := room - claimed.number;
      lines := lines || ('[' || to_json(claim_jobs.queues[i]) || ',[' || claimed.jobs || ']]');
    end loop;
  end loop;
  -- Those of which nothing was claimed are null, and left out.
  answer := concat('{"token":', token, ',"isCareful":', coalesce(true = any (entered), false)::text, ',"lines":[', array_to_string(lines, ','), ']}');
  if octet_length(answer) > 64 * 1024 * 1024 and greatest(claim_jobs.most, claim_jobs.careful) - room > 1 then
    raise exception 'these jobs are too heavy to be claimed together' using errcode = 'program_limit_exceeded', hint = 'Claim fewer at once.';
  end if;
  return answer;
end
$$;
