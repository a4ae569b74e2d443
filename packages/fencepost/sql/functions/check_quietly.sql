-- Reports a write without a live token and lets it pass, whatever happens: it waits for no gate, keeps none, and an error of its own is a
-- warning. What was reported last is noted, as the rows of one name often come one after the other. Always false.
create or replace function fencepost.check_quietly(name text, relation regclass, namespace text, operation text)
  returns boolean
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(check_quietly.name, check_quietly.namespace);
  reported constant text := concat_ws(' ', pg_current_xact_id(), check_quietly.relation::oid, coalesce(key::text, 'none'));
  fence bigint[];
begin
  if current_setting('fencepost.reported', true) = reported then
    return false;
  end if;
  fence := fencepost.fence_of(key, check_quietly.name, check_quietly.namespace);
  -- Without a token there is nothing to prove, and a proof may read the whole lock table.
  if fence is not null and fencepost.is_good(fencepost.gate_of(key), fence[1], fence[2]) or fencepost.is_bypassed()
    -- Anybody may call check_write, also where nothing is to be reported.
    or not exists (
      select from pg_catalog.pg_trigger
      where tgrelid = check_quietly.relation and tgfoid = 'fencepost.refuse_truncate()'::regprocedure
        and fencepost.rule_of(tgargs) @> jsonb_build_object('mode', 'report', 'namespace', check_quietly.namespace)
    )
  then
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
  perform set_config('fencepost.reported', reported, true);
  return false;
exception
  when others then
    raise warning 'a write to table % could not be checked: %', check_quietly.relation, sqlerrm;
    return false;
end
$$;
