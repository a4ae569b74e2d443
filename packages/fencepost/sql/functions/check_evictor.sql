-- Lets only those write a request to let go of a lock, or take one back, who may call fencepost.evict, under their own name, whatever
-- they were granted on the table.
create or replace function fencepost.check_evictor()
  returns trigger
  language plpgsql
  -- Whoever writes must not bring along a has_function_privilege of its own.
  set search_path = pg_catalog, pg_temp
as $$
begin
  if not has_function_privilege('fencepost.evict(text, bigint, interval, text, integer, text, jsonb)', 'execute') then
    raise exception 'role "%" may not evict', current_user
      using errcode = 'insufficient_privilege', hint = 'It needs the right to execute the procedure evict.';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  new.role := current_user;
  return new;
end
$$;

-- Replaced in place only from PostgreSQL 14.
drop trigger if exists check_evictor on fencepost.evictions;

create trigger check_evictor
  before insert or update or delete on fencepost.evictions
  for each row execute function fencepost.check_evictor();
