-- Whoever is to let go of a lock is asked by a row, as anybody may notify anybody.

-- Believed only until it expires: an evictor that gave up is not obeyed later.
create unlogged table fencepost.evictions (
  session bigint not null,
  key bigint not null,
  token bigint not null,
  -- Who asked.
  role name not null default current_user,
  application text not null default current_setting('application_name'),
  expires_at timestamptz not null,
  primary key (session, key, token)
);

-- Who may write here is decided by the right to call fencepost.evict, see check_evictor.
grant select, insert, update, delete on table fencepost.evictions to public;
