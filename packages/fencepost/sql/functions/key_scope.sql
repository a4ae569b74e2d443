-- Where the keys of a job are unique: among the jobs of its name in its namespace, which is told by the queue, whatever queue of it.
create or replace function fencepost.key_scope(queue text, name text)
  returns text
  language sql immutable strict parallel safe
as $$
  select case when strpos(key_scope.queue, ':') > 0 then split_part(key_scope.queue, ':', 1) || ':' else '' end || key_scope.name
$$;
