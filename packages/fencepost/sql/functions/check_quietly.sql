-- Reports a write without a live token and lets it pass, whatever happens: it waits for no gate, keeps none, and an error of its own is a
-- warning. Always false.
create or replace function fencepost.check_quietly(name text, relation regclass, namespace text, operation text)
  returns boolean
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(check_quietly.name, check_quietly.namespace);
  fence bigint[];
begin
  fence := fencepost.fence_of(key, check_quietly.name, check_quietly.namespace);
  if fencepost.is_good(fencepost.gate_of(key), fence[1], fence[2]) or fencepost.is_bypassed() then
    return false;
  end if;
  insert into fencepost.violations
    (xact, began_at, table_name, lock_name, namespace, token, operation, role, application, client)
  values (
    pg_current_xact_id(), transaction_timestamp(), check_quietly.relation::text, coalesce(check_quietly.name, ''),
    check_quietly.namespace, fence[1], check_quietly.operation,
    -- Not current_user, which is the owner here.
    coalesce(nullif(current_setting('role'), 'none'), session_user), current_setting('application_name'), inet_client_addr()
  )
  on conflict do nothing;
  return false;
exception
  when others then
    raise warning 'a write to table % could not be checked: %', check_quietly.relation, sqlerrm;
    return false;
end
$$;
