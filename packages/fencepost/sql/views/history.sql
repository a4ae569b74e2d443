-- For psql and dashboards: select * from fencepost.history where state = 'refused'. Up to 100,000 entries, the newest.
create or replace view fencepost.history as
  select * from fencepost.list_history(most => 100000);
