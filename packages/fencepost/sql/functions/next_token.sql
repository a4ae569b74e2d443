-- The next exclusive token, larger than all before: epoch * 2^32 + n, n even. The caller holds the key and the gate.
create or replace function fencepost.next_token()
  returns bigint
  language plpgsql
as $$
declare
  half bigint := nextval('fencepost.tokens');
begin
  if half < 1024::bigint << 31 then
    perform fencepost.ensure_epoch();
    half := nextval('fencepost.tokens');
  end if;

  -- The count runs on into the next epoch, which is on disk long before: looked at every 2^20 tokens of the second half.
  if half % 1048576 = 0 and half % 2147483648 >= 1073741824
    and not exists (select from fencepost.epochs where epoch > half >> 31)
  then
    perform fencepost.raise_epoch('half of the tokens of the epoch before are used');
  end if;
  return half * 2;
end
$$;
