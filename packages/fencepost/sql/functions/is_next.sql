-- Whether nobody that lives stands before a ticket of this session in its line, and after one that has been served; the caller asks for
-- its first one. Dead rows before that are not read: while somebody's snapshot is old, those of a busy name are many.
create or replace function fencepost.is_next(session bigint, key bigint, served bigint, ticket bigint)
  returns boolean
  language sql
as $$
  select fencepost.first_in_line(is_next.session, is_next.key, is_next.served, is_next.ticket) is null
$$;
