-- A claimed job as JSON: [id, name, payload, attempt, attempts, priority, ms of when it was enqueued], and for who has more than that an object besides.
-- Tens of thousands a second are told so, and what each thing is called would cost as much as the claim: spell_jobs adds it for others than our own
-- workers. isSimple: false where somebody wants its result, and finish_jobs has to end it; complete_jobs ends the others.
create or replace function fencepost.job_tuple(job fencepost.jobs)
  returns text
  language sql stable
as $$
  select concat_ws(',',
    '[' || job.id, to_json(job.name), job.payload, job.attempt, job.attempts, job.priority,
    date_part('epoch', job.enqueued_at) * 1000,
    case when not job.is_plain or job.key is not null or job.keep is not null or job.parent is not null then
      jsonb_strip_nulls(jsonb_build_object(
        'key', job.key,
        'group', job.group_key,
        'isPlain', case when not job.is_plain then false end,
        'isSimple', case when job.keep is not null or job.parent is not null or job.group_key is not null then false end
      ))
    end
  ) || ']'
$$;
