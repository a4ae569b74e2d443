-- Enqueues jobs that have keys, as enqueue_jobs does, and says for each its id, or minus the id of the job there is instead. No two transactions
-- are at one key at a time, to their end. Null, and nothing is enqueued: somebody else is at one of the keys, and waits is false.
create or replace function fencepost.enqueue_keyed(
  name text, payloads jsonb, keys jsonb, queue text, priority integer, attempts integer,
  run_at timestamptz, keep interval, delay interval, groups jsonb, is_limited boolean,
  on_duplicate text, within interval, waits boolean
)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  due constant timestamptz := coalesce(enqueue_keyed.run_at, now + enqueue_keyed.delay, now);
  ids bigint[] := '{}';
  twin bigint;
  one record;
begin
  -- With a snapshot from before the lock, the job that somebody else enqueued meanwhile would not be seen.
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'a job with a key can be enqueued in a READ COMMITTED transaction only' using errcode = 'LK002',
      hint = 'Enqueue it without a key, or outside of this transaction.';
  end if;
  if not fencepost.take_job_keys(enqueue_keyed.name, enqueue_keyed.keys, enqueue_keyed.queue, enqueue_keyed.waits) then
    return null;
  end if;
  for one in
    select listed.payload, listed.key, listed.group_key
    from rows from (
      jsonb_array_elements(enqueue_keyed.payloads),
      jsonb_array_elements_text(enqueue_keyed.keys),
      jsonb_array_elements_text(coalesce(enqueue_keyed.groups, '[]'))
    ) with ordinality as listed (payload, key, group_key, place)
    order by listed.place
  loop
    if enqueue_keyed.on_duplicate = 'skip' then
      twin := fencepost.find_job(enqueue_keyed.name, one.key, enqueue_keyed.queue);
    else
      twin := fencepost.renew_job(
        enqueue_keyed.name, one.key, enqueue_keyed.queue, one.payload, due, one.group_key,
        case enqueue_keyed.on_duplicate when 'replace' then enqueue_keyed.priority end
      );
    end if;
    if twin is null then
      ids := ids || fencepost.enqueue_jobs(
        enqueue_keyed.name, jsonb_build_array(one.payload), enqueue_keyed.queue, enqueue_keyed.priority, enqueue_keyed.attempts,
        due, enqueue_keyed.keep, null, jsonb_build_array(one.group_key), jsonb_build_array(one.key), enqueue_keyed.is_limited
      );
      if enqueue_keyed.within is not null then
        perform fencepost.open_window(
          enqueue_keyed.name, one.key, enqueue_keyed.queue, now + enqueue_keyed.within, ids[cardinality(ids)]
        );
      end if;
    else
      ids := ids || -twin;
    end if;
  end loop;
  return ids;
end
$$;
