-- The job because of which another one of this name and key is not enqueued: the last one that lives, or the one that a window was opened
-- for. Null: none. The caller has the key to itself.
create or replace function fencepost.find_job(name text, key text, queue text)
  returns bigint
  language plpgsql
as $$
declare
  scope constant text := fencepost.key_scope(find_job.queue, find_job.name);
  found_id bigint;
begin
  select job.id into found_id
  from fencepost.jobs as job
  where job.name = find_job.name and job.key = find_job.key and fencepost.key_scope(job.queue, job.name) = scope
  order by job.id desc
  limit 1;
  if found_id is null then
    select opened.job into found_id
    from fencepost.job_windows as opened
    where opened.name = scope and opened.key = find_job.key and opened.until > fencepost.job_clock();
  end if;
  return found_id;
end
$$;
