-- Compares how many permits a caller says a semaphore has with what those say who use it, and returns what stands. Refused (LK010) if they
-- disagree; null: ask again. replaces: the number that this one is to replace. is_holding: whether this session has permits. The
-- caller holds the mutex of the semaphore, shared.
create or replace function fencepost.agree_on_permits(
  session bigint, key bigint, namespace text, name text, permits integer, replaces integer, is_holding boolean
)
  returns fencepost.semaphores
  language plpgsql
as $$
declare
  stands fencepost.semaphores;
  is_said boolean;
  lives boolean;
begin
  select * into stands from fencepost.semaphores as one where one.key = agree_on_permits.key;
  is_said := coalesce(agree_on_permits.permits in (stands.permits, stands.replaced), false);
  lives := coalesce(stands.session = agree_on_permits.session or fencepost.is_alive(stands.session), false);
  if is_said and lives
    and (agree_on_permits.replaces is null or stands.replaced is not null or agree_on_permits.permits <> stands.permits)
  then
    return stands;
  elsif not is_said and not coalesce(agree_on_permits.replaces in (stands.permits, stands.replaced), false) then
    if lives or agree_on_permits.is_holding and stands.key is not null then
      perform fencepost.refuse_permits(stands, agree_on_permits.permits);
    elsif not pg_try_advisory_xact_lock(fencepost.mutex(fencepost.gate_of(agree_on_permits.key))) then
      -- Somebody is just taking one.
      return null;
    elsif fencepost.is_semaphore_used(stands.key, stands.keys) then
      perform fencepost.refuse_permits(stands, agree_on_permits.permits);
    end if;
  end if;
  return fencepost.put_semaphore(
    stands, agree_on_permits.session, agree_on_permits.key, agree_on_permits.namespace, agree_on_permits.name,
    case when is_said then stands.permits else agree_on_permits.permits end,
    case
      when not is_said then agree_on_permits.replaces
      when agree_on_permits.permits = stands.permits then coalesce(stands.replaced, agree_on_permits.replaces)
      else stands.replaced
    end
  );
end
$$;
