-- Removes a few of the records whose time is over, and says how many. It waits for nobody, and a crash may bring them back.
create or replace function fencepost.once_sweep(most integer)
  returns integer
  language plpgsql
as $$
declare
  removed integer;
begin
  perform set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '1', true);
  delete from fencepost.once_keys as record
  where (record.namespace, record.key) in (
    select one.namespace, one.key
    from fencepost.once_keys as one
    where one.expires_at <= clock_timestamp()
    order by one.expires_at
    limit once_sweep.most
    for update skip locked
  );
  get diagnostics removed = row_count;
  return removed;
exception
  when lock_not_available then
    return 0;
end
$$;
