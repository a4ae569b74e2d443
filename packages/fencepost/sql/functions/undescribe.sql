-- Takes back what was written down, after the release (a row without its lock is not believed), and tells whoever is first in line:
-- it may have found no connection to watch the lock on. Does not wait either.
create or replace function fencepost.undescribe(session bigint, key bigint, holding bigint)
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true);
  delete from fencepost.holders
  where holders.session = undescribe.session and holders.key = undescribe.key and holders.holding = undescribe.holding;

  perform fencepost.call_next(
    fencepost.first_in_line(undescribe.session, undescribe.key, 0, 9223372036854775807), undescribe.session
  );
  return true;
exception
  when lock_not_available then
    return false;
end
$$;
