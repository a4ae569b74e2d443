-- The WHEN of a trigger on a protected table: of an update both sides count, once if they have one name.
create or replace function fencepost.write_condition(root regclass, rule jsonb, operation text)
  returns text
  language plpgsql stable
as $$
declare
  old_name constant text := fencepost.name_expression(write_condition.root, 'old', write_condition.rule ->> 'lock_name');
  new_name constant text := fencepost.name_expression(write_condition.root, 'new', write_condition.rule ->> 'lock_name');
  and_so_on constant text := format(', %L, %L, %L, %L)', write_condition.root, write_condition.rule ->> 'mode',
    write_condition.rule ->> 'namespace', write_condition.operation);
  checks_old constant text := 'fencepost.check_write(' || old_name || and_so_on;
  checks_new constant text := 'fencepost.check_write(' || new_name || and_so_on;
begin
  return case write_condition.operation
    when 'INSERT' then checks_new
    when 'DELETE' then checks_old
    else format('%s or (%s) is distinct from (%s) and %s', checks_new, old_name, new_name, checks_old)
  end;
end
$$;
