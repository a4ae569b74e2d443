-- What is not PostgreSQL is fenced by remembering the highest token it has seen; and roles that were made are to keep what they may.

-- Logged: what was refused before a crash has to be refused after it.
create table fencepost.highest_tokens (
  namespace text not null check (strpos(namespace, ':') = 0),
  resource text not null check (octet_length(resource) between 1 and 1024),
  token bigint not null check (token > 0),
  -- By the day, so that most requests change no index.
  seen_on date not null default current_date,
  constraint highest_tokens_of_resources primary key (namespace, resource)
);

create index highest_tokens_by_day on fencepost.highest_tokens (seen_on);

-- Prefixes of the roles that grant_roles has made: each migration gives them what its new functions and tables need.
create table fencepost.roles (
  prefix text primary key check (prefix ~ '^[a-z_][a-z0-9_]{0,54}$')
);
