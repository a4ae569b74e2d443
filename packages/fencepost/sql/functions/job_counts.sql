-- How many jobs there are by queue, name and state, and since when the oldest has been due (ready, delayed), running (its claim), waiting, or
-- finished. Cheap however many there are: exact up to 5,000 ready ones of a queue, 5,000 delayed and 5,000 dead ones, and in
-- tables of up to 250 pages (2 MB); beyond that an estimate by a sample of as many, and is_estimate says so.
create or replace function fencepost.job_counts()
  returns table (
    queue text, name text, state text, jobs bigint, is_estimate boolean, oldest_at timestamptz, age interval
  )
  language sql stable
as $$
  select queue, name, state,
    case when counted.is_all then counted.jobs else greatest(counted.jobs, sampled.jobs) end,
    counted.is_all is not true and sampled.is_exact is not true,
    least(counted.oldest_at, sampled.oldest_at),
    greatest(fencepost.job_clock() - least(counted.oldest_at, sampled.oldest_at), interval '0')
  from fencepost.count_jobs(5000) as counted
  full join fencepost.sample_jobs(250) as sampled using (queue, name, state)
  order by queue, name, state
$$;
