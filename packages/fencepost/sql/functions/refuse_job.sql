-- Says that whoever brings this id no longer has the job, and what has become of it.
create or replace function fencepost.refuse_job(id bigint)
  returns boolean
  language plpgsql
as $$
begin
  raise exception 'job % has been taken over', refuse_job.id
    using errcode = 'LK009',
      detail = fencepost.job_fate(refuse_job.id),
      hint = 'Somebody else may be at it. Stop working: nothing this attempt does for the job counts any more.';
end
$$;
