-- Enqueues a job and says its id, or the id of the one there is instead: select fencepost.enqueue('mail', '{"to": 42}', delay => '10 min').
-- It is there iff the transaction commits. Once it has a key, others of the same name and key wait for this transaction.
create or replace function fencepost.enqueue(
  name text, payload jsonb default '{}', queue text default 'default', priority integer default 0,
  run_at timestamptz default null, delay interval default null, key text default null, on_duplicate text default 'skip',
  within interval default null, group_key text default null, attempts integer default 5, keep interval default null
)
  returns bigint
  language plpgsql
as $$
declare
  groups constant jsonb := jsonb_build_array(enqueue.group_key);
  ids bigint[];
begin
  perform fencepost.check_enqueue(
    enqueue.name, enqueue.queue, enqueue.run_at, enqueue.delay, enqueue.key, enqueue.on_duplicate, enqueue.within,
    enqueue.group_key, enqueue.attempts, enqueue.keep
  );
  if enqueue.key is null then
    ids := fencepost.enqueue_jobs(
      enqueue.name, jsonb_build_array(enqueue.payload), enqueue.queue, enqueue.priority, enqueue.attempts,
      enqueue.run_at, enqueue.keep, enqueue.delay, groups
    );
  else
    ids := fencepost.enqueue_keyed(
      enqueue.name, jsonb_build_array(enqueue.payload), jsonb_build_array(enqueue.key), enqueue.queue, enqueue.priority, enqueue.attempts,
      enqueue.run_at, enqueue.keep, enqueue.delay, groups, false, enqueue.on_duplicate, enqueue.within, true
    );
  end if;
  return abs(ids[1]);
end
$$;
