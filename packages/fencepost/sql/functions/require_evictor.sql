-- Refuses whoever may not take locks away from others.
create or replace function fencepost.require_evictor()
  returns boolean
  language plpgsql
  -- Whoever calls must not bring along a has_function_privilege of its own.
  set search_path = pg_catalog, pg_temp
as $$
begin
  if not has_function_privilege('fencepost.evict(text, bigint, interval, text, integer, text, jsonb)', 'execute') then
    raise exception 'role "%" may not take locks away from others', current_user
      using errcode = 'insufficient_privilege', hint = 'It needs the right to execute the procedure evict.';
  end if;
  return true;
end
$$;
