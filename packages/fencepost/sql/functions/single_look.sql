-- What is kept of a key, and whether it is for this caller: until it expires for everybody, and what came later than the token he saw
-- when he began to wait, which is 0 for none, for him too. Errors are for those who have waited. No row if nothing is kept.
create or replace function fencepost.single_look(namespace text, key text, saw bigint default null)
  returns table (token bigint, is_good boolean, result text, error text, application text, host text, process integer)
  language sql
as $$
  select one.token, one.token > coalesce(single_look.saw, one.token) or one.error is null and one.expires_at > clock_timestamp(),
    one.result::text, one.error, one.application, one.host, one.process
  from fencepost.single_results as one
  where one.namespace = single_look.namespace and one.key = single_look.key
$$;
