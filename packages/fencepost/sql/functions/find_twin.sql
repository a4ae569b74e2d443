-- The job because of which another one of this name and key is not enqueued, after what on_duplicate says is done to it. Null: there is none. The
-- caller has the key to itself.
create or replace function fencepost.find_twin(
  name text, key text, queue text, on_duplicate text, payload jsonb, due timestamptz, group_key text, priority integer
)
  returns bigint
  language plpgsql
as $$
declare
  twin bigint;
begin
  if find_twin.on_duplicate <> 'skip' then
    return fencepost.renew_job(
      find_twin.name, find_twin.key, find_twin.queue, find_twin.payload, find_twin.due, find_twin.group_key,
      case find_twin.on_duplicate when 'replace' then find_twin.priority end
    );
  end if;
  select job.id into twin
  from fencepost.jobs as job
  where job.name = find_twin.name and job.key = find_twin.key
    and fencepost.key_scope(job.queue, job.name) = fencepost.key_scope(find_twin.queue, find_twin.name)
  order by job.id desc
  limit 1;
  if twin is null then
    select opened.job into twin
    from fencepost.job_windows as opened
    where opened.name = fencepost.key_scope(find_twin.queue, find_twin.name) and opened.key = find_twin.key
      and opened.until > fencepost.job_clock();
  end if;
  return twin;
end
$$;
