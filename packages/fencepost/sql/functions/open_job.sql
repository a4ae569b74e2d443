-- Begins what close_job ends: the transaction of a job. Refused early where the job was lost already, and ended if its client falls silent for
-- idle_limit; null if its session has such limits already. Locks nothing: who takes the job over does not wait for it.
create or replace procedure fencepost.open_job(id bigint, token bigint, idle_limit interval)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from fencepost.jobs as job where job.id = open_job.id and job.token = open_job.token) then
    perform fencepost.refuse_job(open_job.id);
  end if;
  perform set_config('fencepost.job', format('%s,%s', open_job.id, open_job.token), true);
  if open_job.idle_limit is not null then
    perform fencepost.watch_client(open_job.idle_limit);
  end if;
end
$$;
