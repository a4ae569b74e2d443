-- Counts jobs in so many pages of each table, taken at random, and says what that comes to over all; exact where a table has no more.
create or replace function fencepost.sample_jobs(pages integer)
  returns table (queue text, name text, state text, jobs bigint, oldest_at timestamptz, is_exact boolean)
  language plpgsql stable
as $$
declare
  page constant double precision := current_setting('block_size')::integer;
  live constant double precision := least(1, pages * page / greatest(pg_relation_size('fencepost.jobs'), 1));
  finished constant double precision := least(1, pages * page / greatest(pg_relation_size('fencepost.finished_jobs'), 1));
begin
  return query
  select job.queue, job.name, job.state, round(count(*) / live)::bigint,
    min(case job.state when 'running' then job.claimed_at when 'waiting' then job.enqueued_at else job.run_at end), live = 1
  from fencepost.jobs as job tablesample system (100 * live)
  group by job.queue, job.name, job.state
  union all
  select one.queue, one.name, one.state, round(count(*) / finished)::bigint, min(one.finished_at), finished = 1
  from fencepost.finished_jobs as one tablesample system (100 * finished)
  group by one.queue, one.name, one.state;
end
$$;
