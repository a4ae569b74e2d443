-- Whether one backend holds the key of a token, and the name's own key. The lock table is read as it is at one moment: a backend that
-- ends lets go of its locks one after the other, so its token key may outlive its lock.
create or replace function fencepost.is_held_with_key(gate bigint, token bigint)
  returns boolean
  language sql
as $$
  with held as materialized (
    select * from fencepost.held_keys()
  )
  select exists (
    select
    from held
    where held.key = fencepost.token_key(is_held_with_key.gate, is_held_with_key.token)
      -- In the other mode it is only probed.
      and held.mode = case is_held_with_key.token % 2 when 0 then 'exclusive' else 'shared' end
      and held.backend in (
        select other.backend from held as other where fencepost.gate_of(other.key) = is_held_with_key.gate
      )
  )
$$;
