-- The namespace of a queue, which is written before it in any other than default.
create or replace function fencepost.namespace_of(queue text)
  returns text
  language sql immutable parallel safe
as $$
  select case when strpos(queue, ':') = 0 then 'default' else split_part(queue, ':', 1) end
$$;
