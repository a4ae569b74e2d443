-- Refuses what fencepost.enqueue was called with and cannot be right (22023), as the library does before it sends anything.
create or replace function fencepost.check_enqueue(
  name text, queue text, run_at timestamptz, delay interval, key text, on_duplicate text, within interval,
  group_key text, attempts integer, keep interval
)
  returns boolean
  language plpgsql immutable
as $$
declare
  nothing constant interval := interval '0';
  problem constant text := case
    when coalesce(length(check_enqueue.name), 0) not between 1 and 200 then 'the name of a job has 1 to 200 characters'
    when coalesce(check_enqueue.queue, '') !~ '^([^:]+:)?[^:]{1,200}$' then 'the name of a queue has 1 to 200 characters and no colon'
    when check_enqueue.run_at is not null and check_enqueue.delay is not null then 'run_at and delay exclude each other'
    when check_enqueue.delay < nothing then 'delay must not be negative'
    when octet_length(check_enqueue.key) not between 1 and 1024 then 'key has 1 to 1024 bytes'
    when octet_length(check_enqueue.group_key) not between 1 and 512 then 'group_key has 1 to 512 bytes'
    when coalesce(check_enqueue.on_duplicate, '') not in ('skip', 'replace', 'debounce') then 'on_duplicate is skip, replace or debounce'
    when check_enqueue.key is null and check_enqueue.on_duplicate <> 'skip' then 'on_duplicate needs a key'
    when check_enqueue.key is null and check_enqueue.within is not null then 'within needs a key'
    when check_enqueue.within is not null and check_enqueue.on_duplicate <> 'skip' then 'within is for on_duplicate => ''skip'''
    when check_enqueue.within <= nothing then 'within must be longer than nothing'
    when check_enqueue.on_duplicate = 'debounce' and check_enqueue.delay is null then 'debounce needs a delay'
    when coalesce(check_enqueue.attempts, 0) < 1 then 'attempts must be at least 1'
    when check_enqueue.keep <= nothing then 'keep must be longer than nothing'
  end;
begin
  if problem is not null then
    raise exception '%', problem using errcode = 'invalid_parameter_value',
      hint = 'As in: select fencepost.enqueue(''mail'', ''{"to": 42}'', key => ''42'', on_duplicate => ''debounce'', delay => ''10 min'')';
  end if;
  return true;
end
$$;
