-- The next exclusive token, larger than all before: epoch * 2^32 + n, n even. The caller holds the key and the gate.
create or replace function fencepost.next_token()
  returns bigint
  language plpgsql
as $$
begin
  return fencepost.token_of(nextval('fencepost.tokens'));
end
$$;
