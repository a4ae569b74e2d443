-- The token of a number just drawn from the sequence: its double. Where the number says that the epoch is due, it is raised first,
-- and another number is drawn if this one was below it: the last one drawn, doubled, is the token in any case.
create or replace function fencepost.token_of(half bigint)
  returns bigint
  language plpgsql
as $$
declare
  good bigint := token_of.half;
begin
  if good < 1024::bigint << 31 then
    perform fencepost.ensure_epoch();
    good := nextval('fencepost.tokens');
  end if;

  -- The count runs on into the next epoch, which is on disk long before: looked at every 2^20 tokens of the second half.
  if good % 1048576 = 0 and good % 2147483648 >= 1073741824 then
    perform fencepost.prepare_epoch();
  end if;
  return good * 2;
end
$$;
