-- What claim_jobs answers, as an array of objects that say what is what.
create or replace function fencepost.spell_jobs(claim jsonb)
  returns jsonb
  language sql stable
as $$
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'id', one.job -> 0, 'queue', line.jobs -> 0, 'name', one.job -> 1, 'payload', one.job -> 2,
      'attempt', one.job -> 3, 'attempts', one.job -> 4, 'token', spell_jobs.claim -> 'token',
      'priority', one.job -> 5, 'enqueuedAt', to_timestamp((one.job ->> 6)::float8 / 1000)
    ) || coalesce(one.job -> 7, '{}')
    order by line.place, one.place
  ), '[]')
  from jsonb_array_elements(spell_jobs.claim -> 'lines') with ordinality as line (jobs, place)
  cross join jsonb_array_elements(line.jobs -> 1) with ordinality as one (job, place)
$$;
