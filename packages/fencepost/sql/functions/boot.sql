-- Raises the epoch where that is due, for callers of try_lock. Refused inside a transaction (2D000), as it must not be undone.
create or replace procedure fencepost.boot()
  language plpgsql
as $$
begin
  commit;
  perform fencepost.ensure_epoch();
end
$$;
