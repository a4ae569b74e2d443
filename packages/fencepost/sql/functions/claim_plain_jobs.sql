-- Claims ready jobs of one queue that need no look at any other, in order, from behind a place in the line: what has been claimed from there is
-- not passed over again, however long dead rows have to stay. No job is waited for. By ctid, as a join would be planned
-- by a guess of how many there are.
create or replace function fencepost.claim_plain_jobs(
  session bigint, token bigint, queue text, most integer, after_priority integer, after_id bigint
)
  returns setof fencepost.jobs
  language plpgsql
as $$
begin
  return query
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
    order by one.priority, one.id
    limit claim_plain_jobs.most
    for update skip locked
  ))
  returning job.*;
end
$$;
