-- Claims up to `most` jobs of these queues, the first queue first, under one new token, and up to `careful` besides of those that need a look at
-- others. after_priorities and after_ids say for each queue behind which place to begin; null: at its head. Nothing of a queue that is paused,
-- and nothing but jobs of these names, if they are given. Answers with a JSON array, of what job_text says.
create or replace function fencepost.claim_jobs(
  session bigint, queues text[], most integer, careful integer,
  after_priorities integer[] default null, after_ids bigint[] default null, names text[] default null
)
  returns text
  language plpgsql
as $$
declare
  token bigint;
  wanted integer := claim_jobs.most;
  plain record;
  jobs text;
begin
  for i in 1 .. cardinality(claim_jobs.queues) loop
    exit when wanted <= 0;
    continue when exists (
      select from fencepost.queues as paused where paused.queue = claim_jobs.queues[i] and paused.paused_at is not null
    );
    token := coalesce(token, fencepost.next_token());
    plain := fencepost.claim_plain_jobs(
      claim_jobs.session, token, claim_jobs.queues[i], claim_jobs.names, wanted,
      coalesce(claim_jobs.after_priorities[i], -2147483648), coalesce(claim_jobs.after_ids[i], 0)
    );
    wanted := wanted - plain.claimed;
    jobs := coalesce(jobs || ',' || plain.jobs, plain.jobs, jobs);
  end loop;
  return concat('[', jobs, ']');
end
$$;
