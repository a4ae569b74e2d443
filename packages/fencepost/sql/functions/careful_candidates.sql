-- What choose_jobs looks at: the line from where it was seen to begin, then from its very head, then lanes from the pivot to the end of the ring, then those from its beginning to the pivot.
create or replace function fencepost.careful_candidates(queue text, is_limited boolean, phase integer, pivot bigint, length integer)
  returns table (id bigint, name text, group_key text, crashes integer)
  language plpgsql
as $$
declare
  first constant bigint := -9223372036854775808;
  last constant bigint := 9223372036854775807;
begin
  case careful_candidates.phase
    when 0, 1 then
      if careful_candidates.is_limited then
        return query select * from fencepost.limited_line(careful_candidates.queue, careful_candidates.length);
      else
        return query select * from fencepost.careful_line(
          careful_candidates.queue, careful_candidates.phase = 1, careful_candidates.length);
      end if;
    when 2 then
      return query select * from fencepost.careful_heads(
        careful_candidates.queue, careful_candidates.pivot, last, careful_candidates.length, 4);
    else
      return query select * from fencepost.careful_heads(
        careful_candidates.queue, first, careful_candidates.pivot, careful_candidates.length, 4);
  end case;
end
$$;
