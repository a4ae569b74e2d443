-- Refuses what protect cannot do.
create or replace function fencepost.check_rule(relation regclass, mode text, namespace text)
  returns boolean
  language plpgsql stable
as $$
declare
  kind constant "char" := (select relkind from pg_catalog.pg_class where oid = check_rule.relation);
begin
  if kind is null or kind not in ('r', 'p') then
    raise exception '% is no table', check_rule.relation
      using errcode = 'wrong_object_type', hint = 'Protect the tables that a view writes to.';
  elsif check_rule.mode is null or check_rule.mode not in ('refuse', 'report') then
    raise exception 'mode is ''refuse'' or ''report'', not %', quote_nullable(check_rule.mode)
      using errcode = 'invalid_parameter_value';
  elsif check_rule.namespace is null or check_rule.namespace = '' or strpos(check_rule.namespace, ':') > 0 then
    raise exception 'a namespace is not empty and has no '':'' in it, unlike %', quote_nullable(check_rule.namespace)
      using errcode = 'invalid_parameter_value';
  end if;
  return true;
end
$$;
