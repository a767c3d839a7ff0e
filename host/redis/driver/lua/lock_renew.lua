-- with: now locks
-- token, lease_ms -> ok, token, left_ms | fenced, 0, left_ms, holder
local token, owner, lapse = lock_now()
local time = now()
if lapse <= time or digits(token) ~= ARGV[1] then return refuse(STATUS.FENCED, owner, lapse, time) end
redis.call('HDEL', KEYS[1], '')  -- a write that needs no memory: then a full server lets the others pass
return grant(token, owner, time, tonumber(ARGV[2]))
