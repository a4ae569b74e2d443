-- What is written down of a name, or of all: the newest first. state: held, released, lost, refused (a commit under its token) or evicted. Whoever
-- has not told its end is believed to hold the lock only while the lock table says so; else it is lost, nobody knows when.
create or replace function fencepost.list_history(
  wanted text default null, wanted_namespace text default 'default', before bigint default null, most integer default 100
)
  returns table (
    id bigint, state text, namespace text, name text, mode text, token bigint, application text, host text, process integer,
    began_at timestamptz, ended_at timestamptz, cause text
  )
  language plpgsql stable
as $$
begin
  return query
  with owner as materialized (
    select * from fencepost.live_sessions()
  ), held as materialized (
    select one.key, owner.host, owner.process
    from owner
    join fencepost.held_keys() as one on one.backend = owner.backend
  ), last as materialized (
    select *
    from fencepost.history_entries as entry
    where (list_history.wanted is null or entry.name = list_history.wanted and entry.namespace = list_history.wanted_namespace)
      and (list_history.before is null or entry.id < list_history.before)
    order by entry.id desc
    limit list_history.most
  ), told as (
    select last.*, last.what = 'holding' and last.ending is null as is_open, exists (
      select from held
      where held.key = fencepost.token_key(fencepost.gate(last.name, last.namespace), last.token)
        and held.host = last.host and held.process = last.process
    ) or exists (
      -- It has let go and is about to say so; one that was opened later may be of the next process of that number.
      select from owner where owner.host = last.host and owner.process = last.process and owner.opened_at <= last.began_at
    ) as is_held
    from last
  )
  select told.id,
    case when told.what <> 'holding' then told.what when not told.is_open then told.ending when told.is_held then 'held' else 'lost' end,
    told.namespace, told.name, told.mode, told.token, told.application, told.host, told.process, told.began_at, told.ended_at,
    case when told.is_open and not told.is_held then 'it is gone without a word: killed, or cut off' else told.cause end
  from told
  order by told.id desc;
end
$$;
