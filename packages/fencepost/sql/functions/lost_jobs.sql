-- Which of these jobs are no longer of the attempt that these tokens are of, as JSON: [{"id": 42, "isCancelled": true}].
create or replace function fencepost.lost_jobs(ids bigint[], tokens bigint[])
  returns text
  language plpgsql
as $$
begin
  return (
    select coalesce(json_agg(json_build_object('id', mine.id, 'isCancelled', exists (
      select from fencepost.finished_jobs as finished where finished.id = mine.id and finished.state = 'cancelled'
    ))), '[]')
    from unnest(lost_jobs.ids, lost_jobs.tokens) as mine (id, token)
    where not exists (select from fencepost.jobs as job where job.id = mine.id and job.token = mine.token)
  );
end
$$;
