-- with: now locks
-- KEYS[2]: channel of those who wait
-- token -> ok, token | duplicate, token | fenced, 0, left_ms, holder
local token, owner, lapse = lock_now()
local time = now()
if digits(token) ~= ARGV[1] then return refuse(STATUS.FENCED, owner, lapse, time) end
if lapse <= time then return {STATUS.DUPLICATE, token, 0} end
redis.call('PEXPIRE', KEYS[1], kRemembered)  -- first, so that also a server without memory lets it pass
redis.call('HSET', KEYS[1], 'lapse', 0)
redis.call('PUBLISH', KEYS[2], '')
return {STATUS.OK, token, 0}
