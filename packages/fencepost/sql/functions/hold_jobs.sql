-- Says of each pair of id and token whether the job is still of that attempt, which it then is until this transaction ends: nobody takes it over
-- meanwhile. Null: somebody else has its row just now, so it is not known yet; ask again. Waits for nobody, as a worker's session may not.
create or replace function fencepost.hold_jobs(ids bigint[], tokens bigint[])
  returns boolean[]
  language plpgsql
as $$
declare
  answers boolean[];
begin
  with held as materialized (
    select job.id, job.token
    from fencepost.jobs as job
    where job.id = any (hold_jobs.ids) and job.token = any (hold_jobs.tokens)
    for no key update skip locked
  )
  select array_agg(case when held.id is not null then true end order by asked.place) into answers
  from unnest(hold_jobs.ids, hold_jobs.tokens) with ordinality as asked (id, token, place)
  left join held on held.id = asked.id and held.token = asked.token;

  -- With a snapshot that is younger than the locks: what was taken over before them is told from what somebody has just now.
  if array_position(answers, null) is not null then
    select array_agg(
      case
        when asked.is_held then true
        when not exists (select from fencepost.jobs as job where job.id = asked.id and job.token = asked.token) then false
      end
      order by asked.place
    ) into answers
    from unnest(hold_jobs.ids, hold_jobs.tokens, answers) with ordinality as asked (id, token, is_held, place);
  end if;
  return coalesce(answers, '{}');
end
$$;
