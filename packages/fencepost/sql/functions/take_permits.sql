-- Takes as many permits of a semaphore as are wanted and free at once, for whoever is first in its line, or if nobody waits: their numbers and
-- tokens, and what has ended by then (seen). numbers is null if it cannot be told now and is to be asked again. stuck: gates of permits
-- that nobody holds, but through which a guarded transaction of their last holder has passed. drawn: the last ticket that anybody has
-- drawn by then, 0 before the first. held: those this session has, which a backend cannot ask itself for. served: as in is_next. Nothing in
-- here waits. For the library's own connection, outside a transaction.
create or replace function fencepost.take_permits(
  session bigint, key bigint, namespace text, name text, permits integer, replaces integer, is_first boolean, held integer[], served bigint, wanted integer,
  out numbers integer[], out tokens bigint[], out seen text, out stuck bigint[], out drawn bigint
)
  language plpgsql
as $$
declare
  line constant bigint := fencepost.line(fencepost.gate_of(take_permits.key));
  start constant integer := random() * take_permits.permits;
  semaphore fencepost.semaphores;
  number integer;
begin
  -- Of a table that somebody has locked, and of a row that somebody changes.
  perform set_config('lock_timeout', '1', true);
  if pg_try_advisory_xact_lock_shared(fencepost.mutex(fencepost.gate_of(take_permits.key))) then
    semaphore := fencepost.agree_on_permits(
      take_permits.session, take_permits.key, take_permits.namespace, take_permits.name,
      take_permits.permits, take_permits.replaces, take_permits.held <> '{}'
    );
  end if;
  select case when is_called then last_value else 0 end into take_permits.drawn from fencepost.tickets;
  -- Only asked about, so that those who try at the same moment do not take each other for waiters, but for as long as that takes.
  if semaphore.key is null then
    return;
  elsif not take_permits.is_first and not (pg_try_advisory_lock(line) and pg_advisory_unlock(line)) then
    if (fencepost.first_in_line(take_permits.session, take_permits.key, take_permits.served, 9223372036854775807)).ticket is not null then
      take_permits.numbers := '{}';
    end if;
    return;
  end if;

  take_permits.numbers := '{}';
  for i in 1 .. take_permits.permits loop
    exit when cardinality(take_permits.numbers) = take_permits.wanted;
    number := (start + i) % take_permits.permits + 1;
    continue when number = any(take_permits.held) or not pg_try_advisory_xact_lock(semaphore.keys[number]);
    if pg_try_advisory_xact_lock(fencepost.gate_of(semaphore.keys[number])) then
      -- First of all, for whatever goes wrong from here on.
      take_permits.numbers := take_permits.numbers || number;
      take_permits.tokens := take_permits.tokens || fencepost.keep(semaphore.keys[number], fencepost.gate_of(semaphore.keys[number]));
    else
      take_permits.stuck := take_permits.stuck || fencepost.gate_of(semaphore.keys[number]);
    end if;
  end loop;
  take_permits.seen := fencepost.seen()::text;
exception
  when query_canceled or others then
    perform fencepost.forget(semaphore.keys[one], fencepost.gate_of(semaphore.keys[one])) from unnest(take_permits.numbers) as one;
    raise;
end
$$;
