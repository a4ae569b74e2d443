-- For a statement on a connection where others wait behind it: it waits for a row or a table 100 ms at most (55P03), and is sent again.
create or replace function fencepost.wait_briefly()
  returns boolean
  language plpgsql
as $$
begin
  perform set_config('lock_timeout', '100ms', true);
  return true;
end
$$;
