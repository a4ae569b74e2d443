-- A program that was given its token by settings knows nothing of gates: frozen in its transaction it would keep the next holder waiting.
-- Its session is ended when it has been idle in one for the setting fencepost.freeze_timeout, or for 60 s. Guards set their own limit.
create or replace function fencepost.watch_writer()
  returns boolean
  language plpgsql
as $$
declare
  freeze_timeout constant text := nullif(current_setting('fencepost.freeze_timeout', true), '');
begin
  return freeze_timeout is null and concat(current_setting('fencepost.guarded', true), current_setting('fencepost.fences', true)) <> ''
    or fencepost.watch_client(coalesce(freeze_timeout, '60 s')::interval, false);
end
$$;
