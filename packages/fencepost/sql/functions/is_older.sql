-- Whether the snapshot of this transaction misses something that had ended when the other one was taken; null if there is no other.
-- No clock could tell: one that is turned back makes an old snapshot look young.
create or replace function fencepost.is_older(seen pg_snapshot)
  returns boolean
  language sql
as $$
  with mine as (
    select pg_current_snapshot() as snapshot
  )
  select
    -- Of those that had not begun for us, more had begun for the other than were still running.
    pg_snapshot_xmax(is_older.seen)::text::bigint - pg_snapshot_xmax(mine.snapshot)::text::bigint > (
      select count(*) from pg_snapshot_xip(is_older.seen) as xid where xid >= pg_snapshot_xmax(mine.snapshot)
    )
    -- What was running for us had ended for the other.
    or exists (select from pg_snapshot_xip(mine.snapshot) as xid where pg_visible_in_snapshot(xid, is_older.seen))
  from mine
$$;
