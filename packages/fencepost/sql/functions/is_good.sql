-- Whether the holder of a token still holds it. Stays true until this transaction ends only if it has passed the gate before.
create or replace function fencepost.is_good(gate bigint, token bigint, session bigint default null)
  returns boolean
  language plpgsql
as $$
begin
  return case
    -- Its session lives, so its backend has not begun to end: whoever has the token key has the key too. Of those who share a token
    -- another may be ending.
    when is_good.token % 2 = 0 and is_good.session is not null then
      fencepost.is_held(fencepost.token_key(is_good.gate, is_good.token))
    else fencepost.is_held_with_key(is_good.gate, is_good.token)
  end
    -- Two histories, after a split brain, may have handed out the same token, but not to the same session.
    and (is_good.session is null or fencepost.is_held(is_good.session));
end
$$;
