-- Shows to others, for as long as this connection lives, that it has jobs: they look more often then whether it still lives.
create or replace function fencepost.mark_busy(is_busy boolean)
  returns boolean
  language plpgsql
as $$
begin
  if mark_busy.is_busy then
    perform pg_advisory_lock_shared(fencepost.job_key('busy', ''));
    return true;
  end if;
  return pg_advisory_unlock_shared(fencepost.job_key('busy', ''));
end
$$;
