-- What protect has told a trigger, out of the argument of that; null for one of somebody else, who may have written anything there.
create or replace function fencepost.rule_of(argument bytea)
  returns jsonb
  language plpgsql stable
as $$
declare
  rule jsonb;
begin
  rule := convert_from(rtrim(rule_of.argument, '\x00'), getdatabaseencoding());
  return case when rule ?& '{lock_name,mode,namespace}' then rule end;
exception
  when data_exception or program_limit_exceeded then
    return null;
end
$$;
