-- Begins what close_guarded ends: a transaction with the fences of several names, {key, token, session, …}, whose names are told for what is
-- said of a refusal. Fails early where a token is stale already, and is ended if its client falls silent for idle_limit; null if
-- its session has such limits already. What it writes to protected tables passes.
-- search_path as in check_write: plans are kept for one only.
create or replace function fencepost.open_guarded(fences bigint[], names text[], namespace text, idle_limit interval)
  returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  for i in 1 .. cardinality(open_guarded.names) loop
    if not coalesce(fencepost.is_good(
      fencepost.gate_of(open_guarded.fences[i * 3 - 2]), open_guarded.fences[i * 3 - 1], open_guarded.fences[i * 3]
    ), false) then
      return fencepost.refuse_token(open_guarded.names[i], open_guarded.fences[i * 3 - 1], open_guarded.namespace);
    end if;
  end loop;
  return set_config('fencepost.guarded', open_guarded.fences::text, true) is not null
    and (open_guarded.idle_limit is null or fencepost.watch_client(open_guarded.idle_limit));
end
$$;
