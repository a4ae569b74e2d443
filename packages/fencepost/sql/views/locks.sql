-- For psql and dashboards: select * from fencepost.locks where state = 'waiting' order by name, position.
create or replace view fencepost.locks as
  select * from fencepost.list_locks();
