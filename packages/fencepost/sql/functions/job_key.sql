-- The advisory key of something about a queue, a group or a key of jobs. Not of a lock anybody could name, and only ever held for a moment or
-- as a sign, so a collision costs time and nothing else.
create or replace function fencepost.job_key(what text, name text)
  returns bigint
  language sql immutable strict parallel safe
as $$
  select pg_catalog.hashtextextended('fencepost:' || job_key.what || ':' || job_key.name, 0)
$$;
