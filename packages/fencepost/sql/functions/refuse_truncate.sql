-- The trigger of a protected table. For a row nothing is left to do: the WHEN of its trigger has checked it. TRUNCATE asks no row, so
-- it could empty what others hold locks for; it is refused, whatever is held. Its argument is what protect was told.
create or replace function fencepost.refuse_truncate()
  returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  rule constant jsonb := tg_argv[0];
  table_name constant text := tg_relid::regclass::text;
begin
  if tg_op <> 'TRUNCATE' then
    return null;
  elsif rule ->> 'mode' = 'report' then
    perform fencepost.check_quietly(null, tg_relid, rule ->> 'namespace', tg_op);
    return null;
  elsif fencepost.is_bypassed() then
    return null;
  end if;
  raise exception 'table % is protected and cannot be truncated', table_name
    using errcode = 'LK006', table = table_name,
      hint = 'Delete its rows under their locks. For maintenance, select fencepost.bypass(''why'') in the transaction.';
end
$$;
