-- Tables can refuse writes without a live token: what was reported instead of refused, and who went past it on purpose.

-- One row for each name a transaction wrote without a live token, kept if it committed. Of a table in mode 'report' only.
create table fencepost.violations (
  xact xid8 not null,
  -- A restored database counts its transactions anew.
  began_at timestamptz not null,
  table_name text not null,
  -- '' where there is none: a column of it was null, or the table was truncated.
  lock_name text not null,
  namespace text not null,
  token bigint,
  operation text not null check (operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')),
  role text not null,
  application text not null,
  client inet,
  at timestamptz not null default clock_timestamp(),
  primary key (xact, began_at, table_name, lock_name)
);

-- Transactions whose writes nobody checks, and why. Whoever may insert here may go past every protected table.
create table fencepost.bypasses (
  xact xid8 not null default pg_current_xact_id(),
  began_at timestamptz not null default transaction_timestamp(),
  reason text not null constraint bypasses_have_a_reason check (reason ~ '\S'),
  role text not null default current_user,
  session_role text not null default session_user,
  application text not null default current_setting('application_name'),
  client inet default inet_client_addr(),
  at timestamptz not null default clock_timestamp(),
  primary key (xact, began_at, reason)
);
