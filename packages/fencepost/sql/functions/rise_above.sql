-- From now on every token is larger than this one, which somebody outside has seen of a history that this database does not know:
-- after a restore. Refused inside a transaction (2D000), as it must not be undone.
create or replace procedure fencepost.rise_above(token bigint)
  language plpgsql
as $$
declare
  seen constant bigint := rise_above.token >> 32;
begin
  commit;
  perform fencepost.ensure_epoch();
  perform pg_advisory_xact_lock(fencepost.key('epoch', ''));
  if (select last_value * 2 > rise_above.token from fencepost.tokens) then
    return;
  end if;

  insert into fencepost.epochs (epoch, timeline, reason)
  values (seen, fencepost.timeline(), 'seen outside')
  on conflict do nothing;
  perform setval('fencepost.tokens', fencepost.raise_epoch('above what was seen outside') << 31);
end
$$;
