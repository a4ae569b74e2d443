-- The gate that belongs to a key: its halves swapped, and the first 8 bytes of SHA-256 over 'fencepost:gate' added bit by bit.
-- So whoever sees the keys a backend holds, and knows no name, still sees which of them belong together.
create or replace function fencepost.gate_of(key bigint)
  returns bigint
  language sql immutable strict parallel safe
as $$
  select ((gate_of.key << 32) | ((gate_of.key >> 32) & 4294967295)) # 7760462546175236910
$$;
