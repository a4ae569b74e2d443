-- From now on every token is larger than this one, which somebody outside has seen of a history that this database does not know:
-- after a restore. Refused inside a transaction (2D000), as it must not be undone. Called again where it was cut off, it goes on.
create or replace procedure fencepost.rise_above(token bigint)
  language plpgsql
as $$
declare
  seen constant bigint := rise_above.token >> 32;
  raised bigint;
begin
  commit;
  perform fencepost.ensure_epoch();
  perform pg_advisory_xact_lock(fencepost.key('epoch', ''));

  -- In a statement of its own, after the lock: whoever was here first has committed.
  select max(epochs.epoch) into raised from fencepost.epochs as epochs;
  if raised <= seen then
    insert into fencepost.epochs (epoch, timeline, reason)
    values (seen, fencepost.timeline(), 'seen outside')
    on conflict do nothing;
    raised := fencepost.raise_epoch('above what was seen outside');
  end if;

  -- On disk before the first token of it is drawn: others draw from the sequence while this waits for its commit.
  commit;
  perform pg_advisory_xact_lock(fencepost.key('epoch', ''));
  if (select last_value * 2 <= rise_above.token from fencepost.tokens) then
    perform setval('fencepost.tokens', raised << 31);
  end if;
end
$$;
