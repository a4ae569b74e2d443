-- Claims up to `most` jobs of these queues, the first queue first, under one new token, and up to `careful` besides of those that need a look at
-- others. after_priorities and after_ids say for each queue behind which place to begin; null: at its head. Nothing of a queue that is paused.
create or replace function fencepost.claim_jobs(
  session bigint, queues text[], most integer, careful integer,
  after_priorities integer[] default null, after_ids bigint[] default null
)
  returns table (
    id bigint, queue text, name text, payload text, attempt integer, attempts integer, token bigint, priority integer,
    key text, group_key text, enqueued_at timestamptz, is_simple boolean
  )
  language plpgsql
as $$
declare
  -- Mutexes first, then the token: of two who claim from one group the later one has the higher.
  entered constant boolean[] := case when claim_jobs.careful > 0 then fencepost.enter_queues(claim_jobs.queues, claim_jobs.after_ids) end;
  token bigint := fencepost.next_token();
  wanted integer := claim_jobs.most;
  wanted_careful integer := claim_jobs.careful;
  claimed integer;
begin
  for i in 1 .. cardinality(claim_jobs.queues) loop
    exit when wanted <= 0 and wanted_careful <= 0;
    continue when exists (
      select from fencepost.queues as paused where paused.queue = claim_jobs.queues[i] and paused.paused_at is not null
    );
    -- First, as the others would never let them through.
    if entered[i] then
      return query
      select job.id, job.queue, job.name, job.payload::text, job.attempt, job.attempts, job.token, job.priority,
        job.key, job.group_key, job.enqueued_at, job.keep is null and job.parent is null and job.group_key is null
      from fencepost.claim_careful_jobs(
        claim_jobs.session, token, claim_jobs.queues[i], null, wanted_careful, claim_jobs.after_ids[i] is null
      ) as job;
      get diagnostics claimed = row_count;
      wanted_careful := wanted_careful - claimed;
    end if;
    continue when wanted <= 0 or fencepost.is_limited_queue(claim_jobs.queues[i]);
    return query
    select job.id, job.queue, job.name, job.payload::text, job.attempt, job.attempts, job.token, job.priority,
      job.key, job.group_key, job.enqueued_at, job.keep is null and job.parent is null and job.group_key is null
    from fencepost.claim_plain_jobs(
      claim_jobs.session, token, claim_jobs.queues[i], wanted,
      coalesce(claim_jobs.after_priorities[i], -2147483648), coalesce(claim_jobs.after_ids[i], 0)
    ) as job;
    get diagnostics claimed = row_count;
    wanted := wanted - claimed;
  end loop;
end
$$;
