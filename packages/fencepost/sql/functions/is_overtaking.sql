-- Whether another job of this group is ready and before this one.
create or replace function fencepost.is_overtaking(queue text, group_key text, id bigint)
  returns boolean
  language plpgsql
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_sort = off
as $$
declare
  -- Written as jobs_lanes has it.
  lane constant bigint := hashtextextended('group:' || is_overtaking.group_key, 0);
  first bigint;
begin
  select job.id into first
  from fencepost.jobs as job
  where job.queue = is_overtaking.queue and job.state = 'ready' and not job.is_plain
    and hashtextextended(coalesce('group:' || job.group_key, 'job:' || job.name), 0) = lane
  order by job.priority, job.id
  limit 1;
  return first is distinct from is_overtaking.id;
end
$$;
