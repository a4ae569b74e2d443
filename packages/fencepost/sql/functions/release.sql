-- Lets go of a lock that was written down. The row goes first: it says no more than the locks do.
create or replace function fencepost.release(session bigint, key bigint, token_key bigint)
  returns boolean
  language plpgsql
as $$
begin
  delete from fencepost.holders where holders.session = release.session and holders.key = release.key;
  perform pg_advisory_unlock(release.token_key);
  return pg_advisory_unlock(release.key);
end
$$;
