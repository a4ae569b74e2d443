-- Who holds a name now, for the detail of a refusal.
create or replace function fencepost.held_now(name text, namespace text)
  returns text
  language plpgsql
as $$
declare
  token bigint;
begin
  select who.token into token from fencepost.who(held_now.name, held_now.namespace) limit 1;
  return case when found then format('Token %s is held now.', token) else 'Nobody holds the lock now.' end;
exception
  when insufficient_privilege then
    -- Whoever may only guard is refused for the same reason, and told less.
    return 'Who holds the lock now, this role may not see.';
end
$$;
