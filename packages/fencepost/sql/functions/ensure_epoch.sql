-- Raises the epoch where tokens may have been lost: the boot marker is gone or another (a crash, a promotion, a restore,
-- a copy), or the sequence is back at its start. Returns whether it did; others wait until it is on disk. Not for a transaction
-- that may be rolled back after a token of the epoch was shown. Whoever may lock may do this, and nothing else to the epochs.
create or replace function fencepost.ensure_epoch()
  returns boolean
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  marker constant text := fencepost.boot_marker();
  epoch bigint;
begin
  if fencepost.is_booted(marker) then
    return false;
  end if;
  perform pg_advisory_xact_lock(fencepost.key('epoch', ''));

  -- In a statement of its own, after the lock: whoever was here first has committed.
  if fencepost.is_booted(marker) then
    return false;
  end if;
  perform fencepost.mend_sequences();
  epoch := fencepost.raise_epoch('first start, crash, promotion, restore or copy: ' || marker);
  delete from fencepost.boot;
  insert into fencepost.boot (marker) values (marker);
  perform setval('fencepost.tokens', epoch << 31);
  return true;
end
$$;
