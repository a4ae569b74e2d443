-- Runs one job of queue reports in psql, its effect and its end in one transaction: psql -X -v ON_ERROR_STOP=1 -f worker.sql
create table if not exists reports (day date, jobs bigint);

select fencepost.open_worker('{reports}') as session \gset
select job is not null as found, job ->> 'id' as id, job ->> 'token' as token, job -> 'payload' ->> 'day' as day
from (select fencepost.look_for_jobs(:session, '{reports}', 1, 0)::jsonb #> '{jobs,0}' as job) as claimed \gset

\if :found
  begin;
  insert into reports values (:'day', (select count(*) from fencepost.job_list));
  -- Empty if the job was cancelled or taken over meanwhile: nothing of it may be committed then.
  select cardinality(fencepost.finish_jobs(:token, array[:id]::bigint[])) = 1 as is_ours \gset
  \if :is_ours
    commit;
  \else
    rollback;
  \endif
\endif
select fencepost.close_worker(:session);
