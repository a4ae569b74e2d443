-- The SQL that reads one column of a row as a part of a lock's name. Refuses what cannot be one: the name of a row must be the same text
-- in every session.
create or replace function fencepost.column_text(relation regclass, side text, column_name text)
  returns text
  language plpgsql stable
as $$
declare
  type regtype;
  kind record;
begin
  select atttypid into type
  from pg_catalog.pg_attribute
  where attrelid = column_text.relation and attname = column_text.column_name and attnum > 0 and not attisdropped;
  if type is null then
    raise exception 'table % has no column "%" for the name of its lock', column_text.relation, column_text.column_name
      using errcode = 'undefined_column', hint = 'Write {column} for a column of the table, {{ and }} for braces.';
  end if;

  loop
    select typtype, typcategory, typbasetype into kind from pg_catalog.pg_type where oid = type;
    exit when kind.typtype <> 'd';
    type := kind.typbasetype;
  end loop;
  if type in ('date'::regtype, 'timestamp'::regtype) then
    -- As ISO 8601, whatever DateStyle says.
    return format('(to_jsonb(%s.%I) #>> ''{}'')', column_text.side, column_text.column_name);
  elsif kind.typtype = 'e' or kind.typcategory = 'S'
    or type in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'boolean'::regtype, 'uuid'::regtype)
  then
    return format('%s.%I::text', column_text.side, column_text.column_name);
  end if;
  raise exception 'column "%" of table % is a %, which is written in other ways in other sessions',
    column_text.column_name, column_text.relation, format_type(type, null)
    using errcode = 'datatype_mismatch',
      hint = 'Name the lock by text, numbers, uuid, boolean, enum, date or timestamp columns, or by a generated one of these.';
end
$$;
