-- Whether somebody holds an advisory key exclusively, this backend included. The probe of a key that nobody holds stays
-- until the end of the transaction, in shared mode: probes do not disturb each other.
create or replace function fencepost.is_held(key bigint)
  returns boolean
  language plpgsql
as $$
begin
  if not pg_try_advisory_xact_lock_shared(is_held.key) then
    return true;
  end if;
  -- A backend never stands in its own way, so it has to look.
  return exists (select from fencepost.held_keys(pg_backend_pid()) as held where held.key = is_held.key and held.mode = 'exclusive');
end
$$;
