-- KEYS[1]: hash of full = when the bucket will be full (microseconds), and of the command that took last: by,
-- granted, wait. A repeat of that one after a lost answer finds its own. Gone when it is full, and a while behind,
-- for a repeat.
-- interval_ns, burst, want, by -> ok, granted, wait_ms
local kRemembered = 10000

local interval, burst, want = ARGV[1] / 1000, tonumber(ARGV[2]), tonumber(ARGV[3])
if want == 0 then
    redis.call('DEL', KEYS[1])
    return {STATUS.OK, 0, 0}
end
local found = redis.call('HMGET', KEYS[1], 'full', 'by', 'granted', 'wait')
if found[2] == ARGV[4] then return {STATUS.OK, tonumber(found[3]), tonumber(found[4])} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local whole = burst * interval
-- A clock that is behind that of the former master must not keep it empty for longer than it takes to fill.
local missing = math.min(whole, math.max(0, (found[1] or now) - now))
-- Half a microsecond is more than numbers of this size lose, and never a whole token.
local granted = math.max(0, math.min(want, math.floor((whole - missing + 0.5) / interval)))
local after = missing + granted * interval
local wait = 0
if granted < want then wait = math.max(1, math.ceil((after + interval - whole) / 1000)) end
redis.call('HSET', KEYS[1], 'full', string.format('%.2f', now + after), 'by', ARGV[4], 'granted', granted,
    'wait', wait)
redis.call('PEXPIRE', KEYS[1], math.ceil(after / 1000) + kRemembered)
return {STATUS.OK, granted, wait}
