-- Refuses what one backend would grant itself a second time.
create or replace function fencepost.require_free(name text, namespace text)
  returns boolean
  language plpgsql
as $$
begin
  if exists (
    select from fencepost.held_keys(pg_backend_pid()) as held
    where held.key = fencepost.key(require_free.name, require_free.namespace)
  ) then
    raise exception 'lock "%" is held by this session already', require_free.name
      using errcode = 'LK003', hint = 'Release it first.';
  end if;
  return true;
end
$$;
