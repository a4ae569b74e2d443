-- Enqueues jobs that have keys, as enqueue_jobs does, and says for each its id, or minus the id of the job there is instead. No two transactions
-- are at one key at a time, to their end. With waits false a job whose key somebody else is at is not enqueued: null.
create or replace function fencepost.enqueue_keyed(
  name text, payloads jsonb, keys jsonb, queue text, priority integer, attempts integer, run_at timestamptz, keep interval,
  delay interval, groups jsonb, is_limited boolean, on_duplicate text, within interval, waits boolean
)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  due constant timestamptz := coalesce(enqueue_keyed.run_at, now + enqueue_keyed.delay, now);
  scope constant text := fencepost.key_scope(enqueue_keyed.queue, enqueue_keyed.name);
  fresh_keys text[] := '{}';
  fresh_payloads jsonb[] := '{}';
  fresh_groups text[] := '{}';
  -- For each job the one that is there, or which of the fresh ones it is, or minus that if it is like an earlier one of these; null: busy.
  twins bigint[] := '{}';
  places integer[] := '{}';
  twin bigint;
  place integer;
  one record;
  ids bigint[];
begin
  -- With a snapshot from before the lock, the job that somebody else enqueued meanwhile would not be seen.
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'a job with a key can be enqueued in a READ COMMITTED transaction only' using errcode = 'LK002';
  end if;
  perform case when enqueue_keyed.waits then fencepost.take_job_keys(scope, enqueue_keyed.keys) else fencepost.wait_briefly() end;
  for one in
    select listed.payload, listed.key, listed.group_key
    from rows from (
      jsonb_array_elements(enqueue_keyed.payloads), jsonb_array_elements_text(enqueue_keyed.keys),
      jsonb_array_elements_text(coalesce(enqueue_keyed.groups, '[]'))
    ) with ordinality as listed (payload, key, group_key, place)
    order by listed.place
  loop
    place := -array_position(fresh_keys, one.key);
    twin := null;
    if place is null and (enqueue_keyed.waits or pg_try_advisory_xact_lock(fencepost.job_key('key', scope || ':' || one.key))) then
      twin := fencepost.find_twin(
        enqueue_keyed.name, one.key, enqueue_keyed.queue, enqueue_keyed.on_duplicate, one.payload, due, one.group_key, enqueue_keyed.priority
      );
      place := case when twin is null then cardinality(fresh_keys) + 1 else 0 end;
    end if;
    if place > 0 or place < 0 and enqueue_keyed.on_duplicate <> 'skip' then
      fresh_keys[abs(place)] := one.key;
      fresh_payloads[abs(place)] := one.payload;
      fresh_groups[abs(place)] := one.group_key;
    end if;
    twins := twins || twin;
    places := places || place;
  end loop;
  ids := fencepost.enqueue_jobs(
    enqueue_keyed.name, to_jsonb(fresh_payloads), enqueue_keyed.queue, enqueue_keyed.priority, enqueue_keyed.attempts, due,
    enqueue_keyed.keep, null, to_jsonb(fresh_groups), to_jsonb(fresh_keys), enqueue_keyed.is_limited
  );
  perform fencepost.open_windows(enqueue_keyed.name, fresh_keys, enqueue_keyed.queue, now + enqueue_keyed.within, ids);
  return array(select coalesce(-twins[at], sign(places[at])::bigint * ids[abs(places[at])]) from generate_subscripts(places, 1) as at order by at);
end
$$;
