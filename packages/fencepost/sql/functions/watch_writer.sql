-- A program that was given its token by settings knows nothing of gates: frozen in its transaction it would keep the next holder waiting.
-- Ended when it has been idle for the setting fencepost.freeze_timeout, or 60 s. Guards set their own limit.
create or replace function fencepost.watch_writer()
  returns boolean
  language plpgsql
as $$
begin
  return nullif(current_setting('fencepost.fences', true), '') is not null
    or fencepost.watch_client(coalesce(nullif(current_setting('fencepost.freeze_timeout', true), ''), '60 s')::interval);
end
$$;
