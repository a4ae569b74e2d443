-- What the roles of grant_roles may do; inspect is in use, and use is in admin. A routine that is not named here runs with the rights of its caller
-- and is for use; one that runs with those of its owner is for nobody then. What does not exist is passed over. owner: nobody else.
create or replace function fencepost.role_grants()
  returns table (role text, kind text, name text, privileges text)
  language sql immutable
as $$
  values
    ('inspect', 'table', 'boot', 'select'),
    ('inspect', 'table', 'epochs', 'select'),
    ('inspect', 'table', 'holders', 'select'),
    ('inspect', 'table', 'installations', 'select'),
    ('inspect', 'table', 'locks', 'select'),
    ('inspect', 'table', 'migrations', 'select'),
    ('inspect', 'table', 'sessions', 'select'),
    ('inspect', 'table', 'shared_tokens', 'select'),
    ('inspect', 'table', 'waiters', 'select'),
    ('inspect', 'sequence', 'tokens', 'select'),
    ('inspect', 'routine', 'advisory_locks', 'execute'),
    ('inspect', 'routine', 'crc32', 'execute'),
    ('inspect', 'routine', 'gate', 'execute'),
    ('inspect', 'routine', 'gate_of', 'execute'),
    ('inspect', 'routine', 'held_token', 'execute'),
    ('inspect', 'routine', 'inspect', 'execute'),
    ('inspect', 'routine', 'key', 'execute'),
    ('inspect', 'routine', 'known_keys', 'execute'),
    ('inspect', 'routine', 'known_range', 'execute'),
    ('inspect', 'routine', 'list_locks', 'execute'),
    ('inspect', 'routine', 'lock_table', 'execute'),
    ('inspect', 'routine', 'name_locks', 'execute'),
    ('inspect', 'routine', 'read_lock_table', 'execute'),
    ('inspect', 'routine', 'who', 'execute'),
    ('use', 'table', 'holders', 'insert, delete'),
    ('use', 'table', 'shared_tokens', 'insert, delete'),
    ('use', 'table', 'waiters', 'insert, delete'),
    ('use', 'sequence', 'tickets', 'usage'),
    ('use', 'sequence', 'tokens', 'usage'),
    ('use', 'routine', 'admit', 'execute'),
    ('use', 'routine', 'collect_shared_tokens', 'execute'),
    ('use', 'routine', 'ensure_epoch', 'execute'),
    ('use', 'routine', 'forget_tokens', 'execute'),
    ('use', 'routine', 'open_session', 'execute'),
    ('use', 'routine', 'prepare_epoch', 'execute'),
    ('admin', 'routine', 'evict', 'execute'),
    ('owner', 'routine', 'create_role', 'execute'),
    ('owner', 'routine', 'grant_roles', 'execute'),
    ('owner', 'routine', 'raise_epoch', 'execute')
$$;
