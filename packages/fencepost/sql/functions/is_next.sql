-- Whether nobody that lives stands before a ticket of this session in its line; the caller asks for its first one.
create or replace function fencepost.is_next(session bigint, key bigint, ticket bigint)
  returns boolean
  language sql
as $$
  select fencepost.first_in_line(is_next.session, is_next.key, 0, is_next.ticket) is null
$$;
