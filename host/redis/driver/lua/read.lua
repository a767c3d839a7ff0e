-- with: stream
-- KEYS: meta, chunks. ARGV: from, max_entries, max_bytes.
local PIECE = 256
local from, most, most_bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local s, user = load(KEYS[1])
if not s then return {STATUS.NO_STREAM} end
local base, head = tonumber(s[BASE]), tonumber(s[HEAD])
local seq, entries, bytes = math.max(from, base + 1), {}, 0
local answer = info(STATUS.OK, s, user)
answer[5] = entries
most = math.min(most, head - seq + 1)
while #entries < most do
    local at = seq - base - 1 + #entries
    local piece = redis.call('LRANGE', KEYS[2], at, at + math.min(PIECE, most - #entries) - 1)
    if #piece == 0 then error('FOREIGN end of ' .. KEYS[2]) end
    for _, element in ipairs(piece) do
        local _, _, size = header_of(element)
        bytes = bytes + size
        if bytes > most_bytes and #entries > 0 then return answer end
        entries[#entries + 1] = element
    end
end
return answer
