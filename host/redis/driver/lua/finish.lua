-- with: stream owned
-- KEYS: meta, chunks, channel, runs. ARGV: id, member, end state, data, fence it must have (0: any),
-- run_ended_ms, how many entries it must have.
local ending, data = ARGV[3], ARGV[4]
local s, user = load(KEYS[1])
if not s then return {STATUS.NO_STREAM} end
if s[MODE] ~= 'o' then return info(STATUS.CONFLICT, s, user) end
local function check_after(prev) return string.sub(redis.sha1hex(prev .. 'e' .. data), 1, 16) end
if s[STATE] ~= 'o' then
    local prev = header_of(redis.call('LINDEX', KEYS[2], -1))
    local is_same = s[STATE] == ending and check_after(prev) == s[HEAD_CHECK]
    return info(is_same and STATUS.DUPLICATE or STATUS.ENDED, s, user)
end
if ARGV[5] ~= '0' and ARGV[5] ~= s[FENCE] then return info(STATUS.FENCED, s, user) end
if tonumber(s[HEAD]) < tonumber(ARGV[7]) then return info(STATUS.GAP, s, user) end
must_be(KEYS[4], 'zset')

local head, prev = tonumber(s[HEAD]), s[HEAD_CHECK]
local check = check_after(prev)
local element = table.concat({text(head + 1), prev, check, s[FENCE], 'e', now, data}, '|')
fits_always(KEYS[1])
push(KEYS[2], {element}, head, KEYS[3], ARGV[1] .. '|' .. #element .. '|' .. element)
s[STATE], s[HEAD], s[HEAD_CHECK], s[LEASE], s[TOUCHED] = ending, text(head + 1), check, '0', now
s[BYTES] = s[BYTES] + #data
redis.call('HDEL', KEYS[1], 'j')
expire(KEYS[1], KEYS[2], KEYS[4], ARGV[2], now + tonumber(ARGV[6]))
save(KEYS[1], s)
return info(STATUS.OK, s, user)
