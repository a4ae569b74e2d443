-- Lets the rest of this transaction write to protected tables without a token, and records who did and why. For whoever may insert
-- into fencepost.bypasses: the record is what is believed, and no setting is.
create or replace function fencepost.bypass(reason text)
  returns boolean
  language plpgsql
as $$
begin
  insert into fencepost.bypasses (reason) values (bypass.reason) on conflict do nothing;
  return true;
end
$$;
