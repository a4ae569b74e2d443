-- Removes a few results whose time has been over for a minute, so that those who have waited could read them, and says how many. It waits
-- for nobody.
create or replace function fencepost.single_sweep(most integer)
  returns integer
  language plpgsql
as $$
declare
  removed integer;
begin
  perform set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '1', true);
  delete from fencepost.single_results as result
  where (result.namespace, result.key) in (
    select one.namespace, one.key
    from fencepost.single_results as one
    where one.expires_at <= clock_timestamp() - interval '1 minute'
    order by one.expires_at
    limit single_sweep.most
    for update skip locked
  );
  get diagnostics removed = row_count;
  return removed;
exception
  when lock_not_available then
    return 0;
end
$$;
