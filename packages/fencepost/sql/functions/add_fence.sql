-- Lets the writes of this transaction pass where the name of this key is protected, as long as the token is good. In the place of an
-- earlier fence of the same name; undone with the savepoint it was called in. Session 0: not known.
create or replace function fencepost.add_fence(key bigint, token bigint, session bigint)
  returns boolean
  language plpgsql
as $$
declare
  fences bigint[] := coalesce(nullif(current_setting('fencepost.fences', true), ''), '{}')::bigint[];
  fence constant bigint[] := array[add_fence.key, add_fence.token, add_fence.session];
begin
  for i in 1 .. cardinality(fences) by 3 loop
    if fences[i] = add_fence.key then
      fences := fences[: i - 1] || fences[i + 3 :];
      exit;
    end if;
  end loop;
  perform set_config('fencepost.fences', (fences || fence)::text, true);
  return true;
end
$$;
