-- The epoch for a name that has no row. Whoever finds the boot marker gone or another raises it first.
create or replace function fencepost.current_epoch()
  returns bigint
  language plpgsql
as $$
declare
  marker constant text := fencepost.boot_marker();
begin
  if not exists (select from fencepost.locks where namespace = '' and name = marker) then
    perform pg_advisory_xact_lock(fencepost.key('epoch', ''));

    -- In a statement of its own, after the lock: whoever was here first has committed.
    if not exists (select from fencepost.locks where namespace = '' and name = marker) then
      perform fencepost.raise_epoch('the boot marker ' || marker || ' is missing: first start, crash, promotion, restore or copy');
      -- Rows that came along with a restore or a copy count from where the original once was.
      delete from fencepost.locks;
      insert into fencepost.locks (namespace, name, token) values ('', marker, 0);
    end if;
  end if;

  return (select max(epoch) from fencepost.epochs);
end
$$;
