-- Where the line of jobs that need a look at others begins in a queue: nothing at all where there is none. A session remembers the place, in a setting
-- as that leaves nothing behind, until it is to look afresh; and then too where many dead rows stand before it (is_recent), for
-- twenty times as long as it took to pass over them. That there is none is believed only if it need not be fresh.
create or replace function fencepost.careful_start(queue text, is_fresh boolean)
  returns table (priority integer, id bigint, is_recent boolean)
  language plpgsql
  set enable_seqscan = off
as $$
declare
  starts jsonb := coalesce(nullif(current_setting('fencepost.careful_starts', true), ''), '{}');
  start jsonb := starts -> careful_start.queue;
  began constant double precision := extract(epoch from clock_timestamp());
  took double precision;
begin
  if start is null or (careful_start.is_fresh and (start ->> 'id' is null or (start ->> 'until')::double precision < began)) then
    select jsonb_build_object('priority', job.priority, 'id', job.id) into start
    from fencepost.jobs as job
    where job.queue = careful_start.queue and job.state = 'ready' and not job.is_plain
    order by job.priority, job.id
    limit 1;
    took := extract(epoch from clock_timestamp()) - began;
    start := coalesce(start, '{}')
      || jsonb_build_object('until', case when took > 0.001 then began + least(20 * took, 1) else began end);
    perform set_config('fencepost.careful_starts', (starts || jsonb_build_object(careful_start.queue, start))::text, false);
  end if;
  if start ->> 'id' is not null then
    return query select (start ->> 'priority')::integer, (start ->> 'id')::bigint, (start ->> 'until')::double precision > began;
  end if;
end
$$;
