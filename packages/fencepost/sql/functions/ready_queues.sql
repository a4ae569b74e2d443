-- The queues that have ready jobs, in a few steps through the indexes, however many jobs there are.
create or replace function fencepost.ready_queues()
  returns setof text
  language plpgsql stable
  -- Statistics of a table that fills and empties all day would have it sorted as a whole.
  set enable_seqscan = off
  set enable_bitmapscan = off
as $$
declare
  next text := '';
begin
  loop
    select least(
      (
        select job.queue from fencepost.jobs as job
        where job.state = 'ready' and job.is_plain and job.queue > next
        order by job.queue, job.priority, job.id limit 1
      ),
      (
        select job.queue from fencepost.jobs as job
        where job.state = 'ready' and not job.is_plain and job.queue > next
        order by job.queue, job.priority, job.id limit 1
      )
    ) into next;
    exit when next is null;
    return next next;
  end loop;
end
$$;
