-- Completes a job in the transaction that open_job began, for the message of COMMIT: its effects and its completion are one. Whoever takes the job
-- over waits for the COMMIT and finds no job, or was first, and then this is refused. A procedure, as CALL answers with no row.
create or replace procedure fencepost.close_job(id bigint, token bigint, result jsonb)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  finished bigint[];
begin
  -- Local to the transaction that open_job began.
  if current_setting('fencepost.job', true) is distinct from format('%s,%s', close_job.id, close_job.token) then
    raise exception 'the transaction of job % was ended before its COMMIT, by somebody else', close_job.id
      using errcode = 'invalid_transaction_state', hint = 'Send no BEGIN, COMMIT or ROLLBACK in it.';
  end if;

  delete from fencepost.jobs as job
  where job.id = close_job.id and job.token = close_job.token
    and job.is_plain and job.keep is null and job.parent is null;
  if not found then
    if exists (select from fencepost.jobs as job where job.id = close_job.id and job.token = close_job.token) then
      finished := fencepost.finish_jobs(close_job.token, array[close_job.id], jsonb_build_array(close_job.result));
    end if;
    if coalesce(cardinality(finished), 0) = 0 then
      perform fencepost.refuse_job(close_job.id);
    end if;
  end if;

  -- Who has chosen to hear of errors only has to hear the warning that a COMMIT is not on the synchronous standby.
  if current_setting('client_min_messages') = 'error' then
    perform set_config('client_min_messages', 'warning', true);
  end if;
end
$$;
