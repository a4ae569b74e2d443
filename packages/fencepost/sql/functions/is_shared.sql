-- Whether somebody holds an advisory key in shared mode, this backend included. That can only be asked by trying the opposite, so it is
-- undone at once, and under the mutex: two that try together would each be taken for a holder.
create or replace function fencepost.is_shared(key bigint, mutex bigint)
  returns boolean
  language plpgsql
as $$
declare
  is_free boolean;
begin
  begin
    perform pg_advisory_xact_lock(is_shared.mutex);
    is_free := pg_try_advisory_xact_lock(is_shared.key);
    raise no_data_found;
  exception
    when no_data_found then
      null;
  end;
  return not is_free
    or exists (select from fencepost.held_keys(pg_backend_pid()) as held where held.key = is_shared.key);
end
$$;
