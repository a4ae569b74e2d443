-- Refuses a write that needs a lock and has no live token of it, or reports it. Called for each row by the triggers of a protected table,
-- in their WHEN: false, so that nothing is queued to be done at the end of the statement. The gate is kept until the transaction has
-- ended, as by guard. With the rights of the owner: the writer needs none on this schema.
create or replace function fencepost.check_write(name text, relation regclass, mode text, namespace text, operation text)
  returns boolean
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  key constant bigint := fencepost.key(check_write.name, check_write.namespace);
  fence bigint[];
begin
  if fencepost.has_passed(key) then
    return false;
  elsif check_write.mode = 'report' then
    return fencepost.check_quietly(check_write.name, check_write.relation, check_write.namespace, check_write.operation);
  end if;

  fence := fencepost.fence_of(key, check_write.name, check_write.namespace);
  if fence is not null and fencepost.pass_gate(fencepost.gate_of(key), fence[1], fence[2]) then
    return not (fencepost.watch_writer() and fencepost.mark_passed(key));
  elsif not fencepost.is_bypassed() then
    perform fencepost.refuse_write(check_write.name, check_write.relation, check_write.namespace, fence[1]);
  end if;
  -- Not noted: repairs touch many names, and each note costs as much as there are notes.
  return false;
end
$$;
