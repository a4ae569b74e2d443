-- What advisory keys of others in this database are known for, from their sources; those that have too many are in known_range.
create or replace function fencepost.known_keys()
  returns table (key bigint, means text)
  language sql stable
as $$
  with here as (
    select convert_to(current_database(), 'UTF8') as name, fencepost.crc32(convert_to(current_database(), 'UTF8')) as crc
  ), known (key, means) as (
    values
      (72707369, 'Prisma Migrate'),
      (3853314791062309107, 'Kysely migrations'),
      (7241865325823964, 'node-pg-migrate'),
      (-8525285245963000605, 'postgres-migrations'),
      (9628173550095224, 'tern'),
      (75474063, 'Sqitch'),
      (4097083626, 'goose'),
      -- Older ones.
      (5887940537704921958, 'goose')
    union all
    select 2053462845 * here.crc, 'Rails migrations'
    from here
    union all
    select 1026731422 * here.crc, 'sqlx migrations'
    from here
    union all
    -- Started with a URL, it takes the slash before the name of the database along.
    select fencepost.crc32(
      convert_to(namespace.nspname, 'UTF8') || decode('00', 'hex') || convert_to('schema_migrations', 'UTF8') || decode('00', 'hex') || slash || here.name
    ) * 1486364155 & 4294967295, 'golang-migrate'
    from here, pg_catalog.pg_namespace as namespace, unnest(array['', '/']::bytea[]) as slash
    where namespace.nspname = 'public' or exists (
      select from pg_catalog.pg_class as class where class.relname = 'schema_migrations' and class.relnamespace = namespace.oid
    )
    union all
    select ('x' || encode(substr(sha224(
      here.name || convert_to('.pgboss.' || namespace.nspname, 'UTF8')
    ), 1, 8), 'hex'))::bit(64)::bigint, 'pg-boss migrations'
    from here, pg_catalog.pg_namespace as namespace
  )
  select known.key, min(known.means)
  from known
  group by known.key
$$;
