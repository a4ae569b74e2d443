-- The triggers of one table of a family. A partition has those for its rows from the table it is a partition of, also one that is attached
-- later, but none for TRUNCATE. They come AFTER each row, as a later BEFORE trigger might change it.
create or replace function fencepost.add_triggers(member regclass, root regclass, rule text)
  returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  has_its_own constant boolean := add_triggers.member = add_triggers.root
    or not (select relispartition from pg_catalog.pg_class where oid = add_triggers.member);
  operation text;
begin
  -- dynamic: the table and the argument of a trigger cannot be parameters.
  execute format('create trigger fencepost_truncate before truncate on %s execute function fencepost.refuse_truncate(%L)',
    add_triggers.member, add_triggers.rule);

  foreach operation in array case when has_its_own then array['INSERT', 'UPDATE', 'DELETE'] else '{}' end loop
    -- dynamic: the same, and its condition reads the columns that the name is made of.
    execute format('create trigger %I after %s on %s for each row when (%s) execute function fencepost.refuse_truncate(%L)',
      'fencepost_' || lower(operation), operation, add_triggers.member,
      fencepost.write_condition(add_triggers.root, add_triggers.rule::jsonb, operation), add_triggers.rule);
  end loop;
  return true;
end
$$;
