-- The session lock for callers of plain SQL: call fencepost.lock('report'); it is kept until fencepost.unlock or the
-- end of the connection. Waits for ever unless told how long; the token comes back as the result.
create or replace procedure fencepost.lock(
  name text, wait interval default null, namespace text default 'default', inout token bigint default null
)
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(lock.name, lock.namespace);
  gate constant bigint := fencepost.gate(lock.name, lock.namespace);
  deadline constant timestamptz := clock_timestamp() + lock.wait;
  slice constant interval := least(interval '500 ms', current_setting('deadlock_timeout')::interval / 2);
begin
  -- Refused inside a transaction (2D000): its snapshot would be held for the whole wait and miss what the lock protects.
  commit;
  perform fencepost.require_free(lock.name, lock.namespace);
  perform fencepost.ensure_epoch();

  loop
    -- A wait in slices gives its snapshot back in between: vacuum and index builds go on.
    commit;
    perform set_config('lock_timeout', greatest(1, extract(epoch from
      least(slice, deadline - clock_timestamp())) * 1000)::integer::text, true);
    begin
      lock.token := (split_part(fencepost.acquire(key, gate), ' ', 1)::bigint[])[1];
    exception
      when query_canceled or others then
        -- No error undoes the session form, which may have been granted just before.
        perform fencepost.forget(key, gate);
        raise;
    end;
    exit when lock.token is not null;
    if clock_timestamp() >= deadline then
      raise exception 'lock "%" was not granted within %', lock.name, lock.wait using errcode = 'lock_not_available';
    end if;
  end loop;
end
$$;
