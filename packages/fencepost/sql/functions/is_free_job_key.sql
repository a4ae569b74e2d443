-- Whether no other connection holds this sign. It is held alone for no longer than that takes.
create or replace function fencepost.is_free_job_key(what text, name text)
  returns boolean
  language plpgsql
as $$
declare
  sign constant bigint := fencepost.job_key(is_free_job_key.what, is_free_job_key.name);
begin
  -- One expression: a cancel between two statements would leave the sign held for as long as the connection lives.
  return pg_try_advisory_lock(sign) and pg_advisory_unlock(sign);
end
$$;
