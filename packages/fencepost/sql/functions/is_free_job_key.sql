-- Whether no other connection holds this sign. It is held alone for no longer than that takes.
create or replace function fencepost.is_free_job_key(what text, name text)
  returns boolean
  language plpgsql
as $$
declare
  sign constant bigint := fencepost.job_key(is_free_job_key.what, is_free_job_key.name);
begin
  if not pg_try_advisory_lock(sign) then
    return false;
  end if;
  perform pg_advisory_unlock(sign);
  return true;
end
$$;
