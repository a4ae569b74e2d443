-- When the grace is over, ends the backends that hold a token, and guarded transactions in flight under it. They are looked for and ended in
-- one statement, so a pid that has gone to somebody else is not hit; and once somebody was granted the name after it, guards are no
-- longer theirs. Returns whether there was anybody; gives up after 10 s.
create or replace function fencepost.end_evictees(
  name text, key bigint, gate bigint, token bigint, backend integer, grace_ends_at timestamptz
)
  returns boolean
  language plpgsql
as $$
begin
  if clock_timestamp() < end_evictees.grace_ends_at then
    return false;
  elsif clock_timestamp() > end_evictees.grace_ends_at + interval '10 s' then
    raise exception 'lock "%" could not be taken away: what keeps it was told to end and has not', end_evictees.name
      using errcode = 'LK008', hint = 'A prepared transaction, another eviction, or a backend that hangs: see pg_locks and pg_prepared_xacts.';
  end if;
  return (
    with seen as materialized (
      select * from fencepost.evictees(end_evictees.key, end_evictees.gate, end_evictees.token, end_evictees.backend)
    )
    select coalesce(bool_or(pg_terminate_backend(seen.backend)), false)
    from seen
    where seen.backend <> pg_backend_pid()
      and (
        seen.part = 'holder'
        or seen.part = 'guard' and end_evictees.token is not null
          and not exists (select from seen as other where other.part in ('successor', 'companion'))
      )
  );
exception
  when insufficient_privilege then
    raise exception 'lock "%" is still held, and role "%" may not end the backend that does', end_evictees.name, current_user
      using errcode = 'LK008', detail = sqlerrm,
        hint = format('Evict as the role of the holder, or: grant pg_signal_backend to %I;', current_user);
end
$$;
