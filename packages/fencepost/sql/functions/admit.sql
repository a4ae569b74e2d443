-- Remembers the highest token that has come with a request to write a resource, and refuses a lower one (LK001). Called in the
-- transaction that writes, effect and token commit together, and a later holder's requests wait for it. The equal token is that
-- of the same holder, who may come as often as it likes.
create or replace function fencepost.admit(resource text, token bigint, namespace text default 'default')
  returns boolean
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  highest bigint;
begin
  -- Updated for the equal token too: the lock of the row is what the next one waits for.
  insert into fencepost.highest_tokens as seen (namespace, resource, token)
  values (admit.namespace, admit.resource, admit.token)
  on conflict on constraint highest_tokens_of_resources do update
  set token = excluded.token, seen_on = excluded.seen_on
  where seen.token <= excluded.token;
  if found then
    return true;
  end if;

  select seen.token into highest
  from fencepost.highest_tokens as seen
  where seen.namespace = admit.namespace and seen.resource = admit.resource;
  raise exception 'token % of lock "%" is stale', admit.token, admit.resource
    using errcode = 'LK001',
      constraint = admit.resource,
      detail = format('Token %s has been seen.', highest),
      hint = 'Somebody else has gone on with a newer token. Do not retry with this one; take the lock again and look.';
end
$$;
