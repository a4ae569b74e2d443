-- Draws tickets for those that found a name busy, in order, and tells which of them (1..n) nobody stands before.
-- lines: the line key of a name, null where this session holds it already, as it has somebody waiting there. One that is being
-- passed by somebody's try at this moment cannot be had: null instead of a ticket for all who wait for that name. next is null if it
-- cannot be told now. served: as in is_next.
create or replace procedure fencepost.line_up(
  session bigint, lines bigint[], keys bigint[], served bigint[], namespaces text[], names text[], modes text[], scopes text[],
  inout tickets bigint[] default null, inout next bigint[] default null
)
  language plpgsql
as $$
declare
  refused bigint[] := '{}';
begin
  -- Nothing on this connection may wait, neither for a table that somebody has locked.
  perform set_config('lock_timeout', '1', true);
  for i in 1 .. cardinality(line_up.keys) loop
    if line_up.lines[i] is not null and not pg_try_advisory_lock_shared(line_up.lines[i]) then
      refused := refused || line_up.keys[i];
    end if;
  end loop;

  with drawn as materialized (
    select one.*, case when one.key = any(refused) then null else nextval('fencepost.tickets') end as ticket
    from unnest(line_up.keys, line_up.namespaces, line_up.names, line_up.modes, line_up.scopes)
      with ordinality as one (key, namespace, name, mode, scopes, place)
  ), inserted as (
    insert into fencepost.waiters (key, ticket, session, namespace, name, mode, scopes)
    select drawn.key, drawn.ticket, line_up.session, drawn.namespace, drawn.name, drawn.mode, drawn.scopes::bigint[]
    from drawn
    where drawn.ticket is not null
  )
  select array_agg(drawn.ticket order by drawn.place) into line_up.tickets
  from drawn;

  -- Whoever leaves the line from now on sees us and tells us; whoever has left it before is not seen below.
  commit;
  begin
    line_up.next := array(
      select place
      from unnest(line_up.lines, line_up.keys, line_up.served, line_up.tickets)
        with ordinality as one (line, key, served, ticket, place)
      where line is not null and ticket is not null and fencepost.is_next(line_up.session, key, one.served, ticket)
    );
  exception
    when query_canceled or others then
      -- The tickets are drawn, and must be told of.
      line_up.next := null;
  end;
end
$$;
