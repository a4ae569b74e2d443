-- The checksum of zlib and IEEE 802.3, out of which others make keys; PostgreSQL has it from 18.
create or replace function fencepost.crc32(bytes bytea)
  returns bigint
  language plpgsql immutable strict parallel safe
as $$
declare
  crc bigint := 4294967295;
begin
  for i in 0 .. length(crc32.bytes) - 1 loop
    crc := crc # get_byte(crc32.bytes, i);
    for shift in 1 .. 8 loop
      crc := (crc >> 1) # (3988292384 * (crc & 1));
    end loop;
  end loop;
  return crc # 4294967295;
end
$$;
