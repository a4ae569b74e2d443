-- Refuses a token that is not the name's newest one. On its own it only fails early: what keeps a later acquisition
-- out until the transaction has ended is the gate, which guard passes first.
create or replace function fencepost.check_token(
  name text, token bigint, namespace text default 'default', session bigint default null
)
  returns boolean
  language plpgsql
as $$
declare
  newest fencepost.locks;
begin
  select * into newest
  from fencepost.locks
  where locks.namespace = check_token.namespace and locks.name = check_token.name;

  -- Equal, not "at least": a larger token comes from a lost future or from another name.
  if newest.token = check_token.token and (check_token.session is null or newest.session = check_token.session) then
    return true;
  end if;

  raise exception 'token % of lock "%" is stale', check_token.token, check_token.name
    using errcode = 'LK001',
      detail = case
        when newest.token is null then 'The name has no token any more: the server has lost or collected it.'
        else format('Token %s was granted at %s.', newest.token, newest.acquired_at)
      end,
      hint = 'Somebody else may have done the work. Do not retry with this token; take the lock again and look.';
end
$$;
