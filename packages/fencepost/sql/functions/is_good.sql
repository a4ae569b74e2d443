-- Whether the holder of a token still holds it. Stays true until this transaction ends only if it has passed the gate before.
create or replace function fencepost.is_good(gate bigint, token bigint, session bigint default null)
  returns boolean
  language plpgsql
as $$
begin
  return case is_good.token % 2
    when 0 then fencepost.is_held(fencepost.token_key(is_good.gate, is_good.token))
    else fencepost.is_shared(fencepost.token_key(is_good.gate, is_good.token), fencepost.mutex(is_good.gate))
  end
    -- Two histories, after a split brain, may have handed out the same token, but not to the same session.
    and (is_good.session is null or fencepost.is_held(is_good.session));
end
$$;
