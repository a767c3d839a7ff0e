-- with: stream owned
-- KEYS: meta, chunks, runs. ARGV: member, fence, pid, lease_ms, run_open_ms.
local lease_ms, life_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local s, user = load(KEYS[1])
if not s then return {STATUS.NO_STREAM} end
if s[MODE] ~= 'o' then return info(STATUS.CONFLICT, s, user) end
if not is_producer(s, ARGV[2], ARGV[3]) then return info(STATUS.FENCED, s, user) end
if s[STATE] ~= 'o' then return info(STATUS.ENDED, s, user) end
if lease_ms == 0 or now + lease_ms > tonumber(s[LEASE]) then s[LEASE] = now + lease_ms end
if is_due(s, life_ms) then
    must_be(KEYS[3], 'zset')
    s[TOUCHED] = now
    expire(KEYS[1], KEYS[2], KEYS[3], ARGV[1], now + life_ms)
else
    fits_always(KEYS[1])
end
save(KEYS[1], s)
return info(STATUS.OK, s, user)
