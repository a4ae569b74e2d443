-- Claims ready jobs of one queue that need no look at any other, in order, from behind a place in the line: what has been claimed from there is
-- not passed over again, however long dead rows have to stay. No job is waited for. By ctid, as a join would be planned
-- by a guess of how many there are. names: of these only; null: of all. Says how many, and the jobs as job_tuple has them, with commas between.
create or replace function fencepost.claim_plain_jobs(
  session bigint, token bigint, queue text, names text[], most integer, after_priority integer, after_id bigint,
  out claimed integer, out jobs text
)
  language plpgsql
as $$
begin
  with claimed as (
    update fencepost.jobs as job
    set state = 'running', token = claim_plain_jobs.token, session = claim_plain_jobs.session,
      claimed_at = clock_timestamp(), attempt = job.attempt + 1
    where job.ctid = any (array(
      select one.ctid
      from fencepost.jobs as one
      where one.queue = claim_plain_jobs.queue
        and one.state = 'ready'
        and one.is_plain
        and (one.priority, one.id) > (claim_plain_jobs.after_priority, claim_plain_jobs.after_id)
        and (claim_plain_jobs.names is null or one.name = any (claim_plain_jobs.names))
      order by one.priority, one.id
      limit claim_plain_jobs.most
      for update skip locked
    ))
    returning job.priority, job.id, fencepost.job_tuple(job) as tuple
  )
  select count(*), string_agg(claimed.tuple, ',' order by claimed.priority, claimed.id)
  into claim_plain_jobs.claimed, claim_plain_jobs.jobs
  from claimed;
end
$$;
