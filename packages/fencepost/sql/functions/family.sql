-- A table and all its partitions, or those that inherit from it.
create or replace function fencepost.family(relation regclass)
  returns setof regclass
  language sql stable
as $$
  with recursive members as (
    select family.relation::oid as member
    union
    select inhrelid from pg_catalog.pg_inherits join members on inhparent = member
  )
  select member::regclass from members
$$;
