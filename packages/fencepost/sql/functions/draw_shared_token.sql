-- Draws the token of the first shared holder, odd, for those that come after to find. The caller holds the key and the gate.
create or replace function fencepost.draw_shared_token(key bigint)
  returns bigint
  language plpgsql
as $$
declare
  drawn constant bigint := fencepost.next_token() + 1;
begin
  -- Only the newest is ever looked for; one at a time, as dead rows may have to stay for a long time.
  delete from fencepost.shared_tokens
  where (shared_tokens.key, shared_tokens.token) = (
    select old.key, old.token
    from fencepost.shared_tokens as old
    where old.key = draw_shared_token.key
    order by old.token desc
    limit 1
  );
  insert into fencepost.shared_tokens (key, token) values (draw_shared_token.key, drawn);
  return drawn;
end
$$;
