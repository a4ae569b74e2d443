-- What a worker asks that has found nothing to claim, or has not looked about for a while, in one statement: it lies down if it is told to, makes
-- jobs ready whose time has come or whose worker has died, says how long it may sleep, and claims from the head of each queue. In this
-- order: an enqueuer that does not see the sleeper is seen by the outlook, or has committed before it, and then its job by the claim.
-- is_terse: the jobs as claim_jobs tells them, which is for our own workers.
create or replace function fencepost.look_for_jobs(
  session bigint, queues text[], most integer, careful integer, names text[] default null, lies_down boolean default false, is_terse boolean default false
)
  returns text
  language plpgsql
as $$
declare
  outlook text;
  claim text;
begin
  if look_for_jobs.lies_down then
    perform fencepost.register_sleeper(look_for_jobs.queues);
  end if;
  perform fencepost.promote_jobs();
  perform fencepost.rescue_jobs(look_for_jobs.session);
  outlook := fencepost.job_outlook(look_for_jobs.queues);
  claim := fencepost.claim_jobs(
    look_for_jobs.session, look_for_jobs.queues, look_for_jobs.most, look_for_jobs.careful, null, null, look_for_jobs.names
  );
  return concat('{"jobs":', case when look_for_jobs.is_terse then claim else fencepost.spell_jobs(claim::jsonb)::text end, ',"outlook":', outlook, '}');
end
$$;
