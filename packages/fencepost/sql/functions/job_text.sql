-- A claimed job as JSON, as claim_jobs tells it: one text for a whole claim, which costs a client a third of what a column each would. What is null
-- is left out. isSimple: nobody wants its result, and it is complete_jobs that ends it; finish_jobs ends the others.
create or replace function fencepost.job_text(job fencepost.jobs)
  returns text
  language sql stable
as $$
  select concat(
    '{"id":', job.id, ',"queue":', to_json(job.queue), ',"name":', to_json(job.name), ',"payload":', job.payload,
    ',"attempt":', job.attempt, ',"attempts":', job.attempts, ',"token":', job.token, ',"priority":', job.priority,
    ',"enqueuedAt":', to_json(job.enqueued_at),
    ',"key":' || to_json(job.key)::text, ',"group":' || to_json(job.group_key)::text,
    ',"isPlain":' || case when not job.is_plain then 'false' end,
    ',"isSimple":', case when job.keep is null and job.parent is null and job.group_key is null then 'true}' else 'false}' end
  )
$$;
