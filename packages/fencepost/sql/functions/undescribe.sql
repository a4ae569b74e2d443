-- Takes back what was written down, after the release (a row without its lock is not believed), and tells whoever is first in line:
-- it may have found no connection to watch the lock on. Does not wait either, neither for a locked table nor, at the commit, for others that
-- notify: refused then (55P03), and to be done again.
create or replace function fencepost.undescribe(session bigint, keys bigint[], holdings bigint[])
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '1', true);
  delete from fencepost.holders
  using unnest(undescribe.keys, undescribe.holdings) as gone (key, holding)
  where holders.session = undescribe.session and holders.key = gone.key and holders.holding = gone.holding;

  perform fencepost.call_next(
    fencepost.first_in_line(undescribe.session, key, 0, 9223372036854775807), undescribe.session
  )
  from unnest(undescribe.keys) as key;
  perform set_config('lock_timeout', '20', true);
  return true;
end
$$;
