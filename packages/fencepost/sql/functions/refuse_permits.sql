-- Refuses a caller who says another number of permits than those who use the semaphore; the number that stands is the detail.
create or replace function fencepost.refuse_permits(stands fencepost.semaphores, permits integer)
  returns boolean
  language plpgsql
as $$
begin
  raise exception 'semaphore "%" has % permits for those who use it now, not %', (refuse_permits.stands).name,
      (refuse_permits.stands).permits, refuse_permits.permits
    using errcode = 'LK010', detail = (refuse_permits.stands).permits::text,
      hint = 'Say which number the new one replaces, or end those who use it first.';
end
$$;
