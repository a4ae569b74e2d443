-- Puts the next epoch on disk once half of the tokens of this one are used, as the sequence has it; false if it is there or not yet due.
create or replace function fencepost.prepare_epoch()
  returns boolean
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  used constant bigint := (select last_value from fencepost.tokens);
begin
  if used % 2147483648 < 1073741824 or exists (select from fencepost.epochs where epoch > used >> 31) then
    return false;
  end if;
  perform fencepost.raise_epoch('half of the tokens of the epoch before are used');
  return true;
end
$$;
