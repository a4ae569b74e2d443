-- Whether a job that is enqueued may be claimed without a look at others.
create or replace function fencepost.is_plain_job(name text, group_key text)
  returns boolean
  language plpgsql stable
as $$
begin
  return is_plain_job.group_key is null and not exists (
    select from fencepost.job_limits as rule where rule.scope = 'job' and rule.name = is_plain_job.name
  );
end
$$;
