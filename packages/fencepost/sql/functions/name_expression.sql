-- The SQL that computes the name of a row's lock: account:{account_id} reads the column account_id of the side of it that is asked for,
-- old or new; {{ and }} are braces. Compared byte by byte, as locks are: a column's collation may hold two names for one, or have none in
-- common with another column's.
create or replace function fencepost.name_expression(relation regclass, side text, lock_name text)
  returns text
  language plpgsql stable
as $$
declare
  piece text;
  parts text[] := '{}';
begin
  for piece in select (regexp_matches(name_expression.lock_name, '\{\{|\}\}|\{[^{}]+\}|[^{}]+|[{}]', 'g'))[1] loop
    parts := parts || case
      when piece in ('{', '}') then null
      when piece in ('{{', '}}') then quote_literal(left(piece, 1))
      when left(piece, 1) = '{' then fencepost.column_text(name_expression.relation, name_expression.side, btrim(piece, '{}'))
      else quote_literal(piece)
    end;
  end loop;
  if parts = '{}' or array_position(parts, null) is not null then
    raise exception '"%" is no name of a lock with columns in it', name_expression.lock_name
      using errcode = 'invalid_parameter_value', hint = 'Write {column} for a column of the table, {{ and }} for braces.';
  end if;
  return '(''''::text || ' || array_to_string(parts, ' || ') || ') collate pg_catalog."C"';
end
$$;
