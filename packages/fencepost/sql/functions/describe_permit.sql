-- What a lock in the namespace of a semaphore is: a permit, or one that is waited for.
create or replace function fencepost.describe_permit(state text, name text, namespace text)
  returns text
  language sql stable
as $$
  select case describe_permit.state
      when 'held' then format('permit %s of %s', said.number, coalesce(semaphore.permits::text, '?'))
      else format('one of %s permits', coalesce(semaphore.permits::text, '?'))
    end
  from (
    values (
      substring(describe_permit.name from '#(\d+)$'),
      case describe_permit.state
        when 'held' then regexp_replace(describe_permit.name, '#\d+$', '')
        else describe_permit.name
      end
    )
  ) as said (number, name)
  left join fencepost.semaphores as semaphore
    on semaphore.name = said.name and fencepost.semaphore_lock(semaphore.namespace) = describe_permit.namespace
$$;
