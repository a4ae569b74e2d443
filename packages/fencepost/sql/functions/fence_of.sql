-- The token that this transaction has for a name, and its session if that is known: out of the fences it was begun with, or those that
-- guards have added, or out of the settings any program can be started with. Null: none.
create or replace function fencepost.fence_of(key bigint, name text, namespace text)
  returns bigint[]
  language plpgsql
as $$
declare
  fences constant bigint[] := nullif(current_setting('fencepost.guarded', true), '')::bigint[]
    || nullif(current_setting('fencepost.fences', true), '')::bigint[];
  token constant text := nullif(current_setting('fencepost.token', true), '');
begin
  for i in 1 .. coalesce(cardinality(fences), 0) by 3 loop
    if fences[i] = fence_of.key then
      return array[fences[i + 1], nullif(fences[i + 2], 0)];
    end if;
  end loop;

  if token is null or current_setting('fencepost.name', true) is distinct from fence_of.name
    or coalesce(nullif(current_setting('fencepost.namespace', true), ''), 'default') <> fence_of.namespace
  then
    return null;
  end if;
  if token !~ '^\d{1,16}$' then
    raise exception 'the setting ''fencepost.token'' is "%", which is no token', token using errcode = 'invalid_parameter_value';
  end if;
  return array[token::bigint, null];
end
$$;
