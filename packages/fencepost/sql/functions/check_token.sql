-- Refuses a token whose holder has let go or is gone. On its own it only fails early: what keeps the next acquisition
-- out until the transaction has ended is the gate, which guard passes first. No snapshot is asked, so none can be too old.
create or replace function fencepost.check_token(
  name text, token bigint, namespace text default 'default', session bigint default null
)
  returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(fencepost.is_good(
    fencepost.gate_of(fencepost.key(check_token.name, check_token.namespace)), check_token.token, check_token.session
  ), false) or fencepost.refuse_token(check_token.name, check_token.token, check_token.namespace);
end
$$;
