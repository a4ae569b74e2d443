-- Refuses a token whose holder has let go or is gone. On its own it only fails early: what keeps the next acquisition
-- out until the transaction has ended is the gate, which guard passes first. No snapshot is asked, so none can be too old.
create or replace function fencepost.check_token(
  name text, token bigint, namespace text default 'default', session bigint default null
)
  returns boolean
  language plpgsql
  -- As in guard.
  set search_path = pg_catalog, pg_temp
as $$
begin
  if fencepost.is_good(
    fencepost.gate(check_token.name, check_token.namespace), check_token.token, check_token.session
  ) then
    return true;
  end if;

  raise exception 'token % of lock "%" is stale', check_token.token, check_token.name
    using errcode = 'LK001',
      -- For whoever guards several names at once.
      constraint = check_token.name,
      detail = fencepost.held_now(check_token.name, check_token.namespace),
      hint = 'Somebody else may have done the work. Do not retry with this token; take the lock again and look.';
end
$$;
