-- What time it is for jobs: the server's, moved by the setting fencepost.clock, which tests of what happens tomorrow have.
create or replace function fencepost.job_clock()
  returns timestamptz
  language sql
as $$
  select clock_timestamp() + coalesce(nullif(current_setting('fencepost.clock', true), '')::interval, interval '0')
$$;
