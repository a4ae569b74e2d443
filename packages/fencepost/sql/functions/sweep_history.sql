-- Removes the oldest entries of the history that are kept for long enough or are too many, so many at a time at most; returns how many.
create or replace function fencepost.sweep_history(most integer default 1000)
  returns integer
  language plpgsql
as $$
declare
  newest constant bigint := (select max(entry.id) from fencepost.history_entries as entry);
  removed integer;
begin
  perform set_config('lock_timeout', '1', true), set_config('synchronous_commit', 'off', true);
  delete from fencepost.history_entries as entry
  where entry.id in (
    select oldest.id
    from (
      select one.* from fencepost.history_entries as one order by one.id limit sweep_history.most
    ) as oldest
    left join fencepost.history_names as own on own.namespace = oldest.namespace and own.name = oldest.name
    left join fencepost.history_names as every on every.name = ''
    where oldest.id <= newest - 1000000
      or oldest.ended_at < clock_timestamp() - coalesce(greatest(own.keep, every.keep), '7 d')
      -- Of one that did not tell its end.
      or oldest.ended_at is null and oldest.began_at < clock_timestamp() - coalesce(greatest(own.keep, every.keep), '7 d')
        and oldest.id < newest - 1000
    for update of oldest skip locked
  );
  get diagnostics removed = row_count;
  return removed;
exception
  when lock_not_available then
    return 0;
end
$$;
