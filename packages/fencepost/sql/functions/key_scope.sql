-- Where the keys of a job are unique: among the jobs of its name in its namespace, whatever queue of it. The queue tells the namespace.
create or replace function fencepost.key_scope(queue text, name text)
  returns text
  language sql immutable strict parallel safe
as $$
  select case when strpos(key_scope.queue, ':') > 0 then split_part(key_scope.queue, ':', 1) else 'default' end || ':' || key_scope.name
$$;
