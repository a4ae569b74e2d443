-- Writes lines of running jobs down, in their order, and says as hold_jobs does which of them are: the log of a job that was taken over is the next
-- attempt's.
create or replace function fencepost.log_lines(ids bigint[], tokens bigint[], lines text[])
  returns boolean[]
  language plpgsql
as $$
declare
  answers constant boolean[] := fencepost.hold_jobs(log_lines.ids, log_lines.tokens);
begin
  insert into fencepost.job_logs (job, attempt, line)
  select job.id, job.attempt, said.line
  from unnest(log_lines.ids, log_lines.lines, answers) with ordinality as said (id, line, is_held, place)
  join fencepost.jobs as job on job.id = said.id
  where said.is_held
  order by said.place;
  return answers;
end
$$;
