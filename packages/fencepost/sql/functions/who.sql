-- Who holds a name, and how many wait for it. A holder that is not ours (another language, a plain pg_advisory_lock) shows by its
-- connection alone; since when is known a moment after the grant.
create or replace function fencepost.who(name text, namespace text default 'default')
  returns table (
    mode text, token bigint, application text, host text, process integer, backend integer, acquired_at timestamptz,
    waiting integer
  )
  language sql
as $$
  select * from fencepost.inspect(who.name, who.namespace) as seen where seen.mode is not null
$$;
