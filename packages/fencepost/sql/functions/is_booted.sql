create or replace function fencepost.is_booted(marker text)
  returns boolean
  language sql
as $$
  select exists (select from fencepost.boot where boot.marker = is_booted.marker)
    and (select last_value >= 1024::bigint << 31 from fencepost.tokens)
$$;
