-- Starts a new epoch: every token handed out from now on is larger than all before.
-- The timeline in the high bits keeps tokens rising where a promoted standby has lost the newest epoch (a timeline
-- has 1024 of its own; one that has used them up borrows from the next, which then starts as much later).
create or replace function fencepost.raise_epoch(reason text)
  returns bigint
  language plpgsql
as $$
declare
  now_timeline constant bigint := fencepost.timeline();
  newest fencepost.epochs;
  raised bigint := now_timeline * 1024;
begin
  perform pg_advisory_xact_lock(fencepost.key('epoch', ''));

  -- In a statement of its own, after the lock: one that waited must see what the one before it wrote.
  select * into newest from fencepost.epochs order by epoch desc limit 1;
  if newest.timeline = now_timeline then
    raised := newest.epoch + 1;
  elsif newest.epoch >= raised then
    raised := newest.epoch + 1024;
  end if;

  -- Nor below what the sequence has come to: a raise that was rolled back, a restore of this schema.
  raised := greatest(raised, ((select last_value from fencepost.tokens) >> 31) + 1);

  -- A token that was shown must never come again, so its epoch is on disk (and on a synchronous standby) first.
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  insert into fencepost.epochs (epoch, timeline, reason) values (raised, now_timeline, raise_epoch.reason);
  return raised;
end
$$;
