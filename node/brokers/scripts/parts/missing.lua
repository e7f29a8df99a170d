-- Entries that a log lacks, though nodes may still put them back. Only keys of the log are touched.
-- PARTS head log

-- Whether a log lacks the entry at a position; `meta`: its epoch and its top.
local function is_missing(log, meta, position)
  local epoch, offset, id = string.match(position, '^(%w+)%-(%d+)%-(%w+)$')
  offset = tonumber(offset)
  if not offset or redis.call('HEXISTS', key_of(log) .. ':moved', id) == 1 then return false end
  if epoch ~= meta[1] or offset > tonumber(meta[2]) or is_hollow(log) then return true end
  return (id_at(log, offset) or id) ~= id
end
