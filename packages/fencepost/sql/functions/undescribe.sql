-- Takes back what was written down, after the release: a row without its lock is not believed. Does not wait either.
create or replace function fencepost.undescribe(session bigint, key bigint, holding bigint)
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true);
  delete from fencepost.holders where holders.session = undescribe.session and holders.key = undescribe.key
    and holders.holding = undescribe.holding;
  return found;
exception
  when lock_not_available then
    return false;
end
$$;
