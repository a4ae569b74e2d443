-- Joins the shared holders there are, and waits at most for the mutex; null, and the mutex let go of, if there are none.
create or replace function fencepost.join_shared(key bigint, gate bigint)
  returns bigint
  language plpgsql
as $$
declare
  token bigint;
begin
  perform pg_advisory_xact_lock(fencepost.mutex(gate));
  token := fencepost.shared_token(key, gate);
  if token is null then
    -- Guards pass the gate first and then the mutex; so must whoever goes on to the gate.
    raise no_data_found;
  end if;
  return token;
exception
  when no_data_found then
    return null;
end
$$;
