-- Notes how far running jobs are, and says as hold_jobs does which of them are still of these attempts: of the others nothing is noted. Of what is
-- said of one job twice, the last counts.
create or replace function fencepost.note_progress(ids bigint[], tokens bigint[], progress text[])
  returns boolean[]
  language plpgsql
as $$
declare
  answers constant boolean[] := fencepost.hold_jobs(note_progress.ids, note_progress.tokens);
begin
  update fencepost.jobs as job
  set progress = last.progress::jsonb
  from (
    select distinct on (said.id) said.id, said.progress
    from unnest(note_progress.ids, note_progress.progress, answers) with ordinality as said (id, progress, is_held, place)
    where said.is_held
    order by said.id, said.place desc
  ) as last
  where job.id = last.id;
  return answers;
end
$$;
