-- Forgets the tokens of resources that nobody has written for 30 days, some at a time; returns how many it found. A request that comes with
-- an older token later than that is not refused any more.
create or replace function fencepost.forget_tokens(most integer default 1000)
  returns integer
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
begin
  delete from fencepost.highest_tokens
  where (highest_tokens.namespace, highest_tokens.resource) in (
    select old.namespace, old.resource
    from fencepost.highest_tokens as old
    where old.seen_on < current_date - 30
    order by old.seen_on
    limit forget_tokens.most
    for update skip locked
  );
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
