-- Says that a token is stale, and who holds the name now.
create or replace function fencepost.refuse_token(name text, token bigint, namespace text)
  returns boolean
  language plpgsql
as $$
begin
  raise exception 'token % of lock "%" is stale', refuse_token.token, refuse_token.name
    using errcode = 'LK001',
      -- For whoever guards several names at once.
      constraint = refuse_token.name,
      detail = fencepost.held_now(refuse_token.name, refuse_token.namespace),
      hint = 'Somebody else may have done the work. Do not retry with this token; take the lock again and look.';
end
$$;
