-- A lock, a fenced write and a refused zombie in psql: psql -X -q -A -t -d postgres://… -f lock.sql, after npx fencepost migrate.
\set ON_ERROR_STOP on
set client_min_messages = warning;
drop table if exists example_sql;
create table example_sql (invoice int, token bigint);

call fencepost.lock('example', '5 s') \gset old_
begin;
insert into example_sql values (42, :old_token);
select fencepost.enqueue('send-receipt', '{"invoice": 42}') as job \gset
-- Last: it keeps the next holder waiting until the commit.
select fencepost.guard('example', :old_token) as guard \gset
commit;

-- The lock goes with its connection, and somebody else takes it.
\connect
call fencepost.lock('example', '5 s') \gset new_
select 'the next has a larger token: ' || (:new_token > :old_token);

-- The program of before goes on, as it does not know.
\set ON_ERROR_STOP off
begin;
insert into example_sql values (43, :old_token);
select fencepost.guard('example', :old_token) as guard \gset
\set refused_with :SQLSTATE
commit;
\echo the zombie is refused: :refused_with

select 'released: ' || fencepost.unlock('example');
select 'payouts: ' || count(*) from example_sql;
drop table example_sql;
-- the next has a larger token: true
-- the zombie is refused: LK001
-- released: true
-- payouts: 1
