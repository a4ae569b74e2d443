-- Whom to evict: the token that was named or is held now, and those who hold it. outcome, if there is nobody: not held, or
-- changed, if it is held by somebody else than was named.
create or replace function fencepost.find_evictee(
  name text, namespace text, backend integer, inout token bigint, out outcome text, out holders jsonb
)
  language plpgsql
as $$
declare
  seen constant jsonb := (
    select jsonb_agg(to_jsonb(one) - 'waiting') from fencepost.who(find_evictee.name, find_evictee.namespace) as one
  );
begin
  if find_evictee.token is not null and find_evictee.backend is not null then
    raise exception 'a backend is named only for a holder that has no token' using errcode = 'invalid_parameter_value';
  elsif find_evictee.token is null and find_evictee.backend is null then
    find_evictee.token := (select min((one ->> 'token')::bigint) from jsonb_array_elements(seen) as one);
  end if;

  find_evictee.holders := (
    select jsonb_agg(one)
    from jsonb_array_elements(seen) as one
    where case
      when find_evictee.backend is null then (one ->> 'token')::bigint = find_evictee.token
      else (one ->> 'backend')::integer = find_evictee.backend and one ->> 'token' is null
    end
  );
  if find_evictee.holders @> jsonb_build_array(jsonb_build_object('backend', pg_backend_pid())) then
    raise exception 'lock "%" is held by this session itself', find_evictee.name
      using errcode = 'LK008', hint = 'select fencepost.unlock(…) gives it back.';
  elsif find_evictee.holders is null and find_evictee.token is null and find_evictee.backend is null and seen is not null then
    raise exception 'lock "%" was not taken through fencepost: its holder cannot be asked to let go', find_evictee.name
      using errcode = 'LK008', detail = 'It is held by backend ' || coalesce(seen #>> '{0,backend}', 'of a prepared transaction') || '.',
        hint = 'Name the backend to have it ended after the grace.';
  end if;
  find_evictee.outcome := case
    when seen is null then 'not held'
    when find_evictee.holders is null then 'changed'
  end;
  find_evictee.holders := coalesce(find_evictee.holders, seen, '[]');
end
$$;
