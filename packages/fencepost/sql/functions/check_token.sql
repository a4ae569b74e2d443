-- Refuses a token whose holder has let go or is gone. On its own it only fails early: what keeps the next acquisition
-- out until the transaction has ended is the gate, which guard passes first. No snapshot is asked, so none can be too old.
create or replace function fencepost.check_token(
  name text, token bigint, namespace text default 'default', session bigint default null
)
  returns boolean
  language plpgsql
as $$
declare
  gate constant bigint := fencepost.gate(check_token.name, check_token.namespace);
  token_key constant bigint := fencepost.token_key(gate, check_token.token);
  is_good constant boolean := case check_token.token % 2
    when 0 then fencepost.is_held(token_key)
    else fencepost.is_shared(token_key, fencepost.mutex(gate))
  end;
  detail text;
begin
  if is_good
    -- Two histories, after a split brain, may have handed out the same token, but not to the same session.
    and (check_token.session is null or fencepost.is_held(check_token.session))
  then
    return true;
  end if;

  begin
    select format('Token %s is held now.', who.token) into detail
    from fencepost.who(check_token.name, check_token.namespace)
    limit 1;
    detail := coalesce(detail, 'Nobody holds the lock now.');
  exception
    when insufficient_privilege then
      -- Whoever may only guard is refused for the same reason, and told less.
      detail := 'Who holds the lock now, this role may not see.';
  end;
  raise exception 'token % of lock "%" is stale', check_token.token, check_token.name
    using errcode = 'LK001',
      -- For whoever guards several names at once.
      constraint = check_token.name,
      detail = detail,
      hint = 'Somebody else may have done the work. Do not retry with this token; take the lock again and look.';
end
$$;
