-- with: jobs
-- KEYS: 1 queue  2 sorted set: when each pending job was taken
-- empty_ms, ids -> ok, how many were pending
if redis.call('XLEN', KEYS[1]) == 0 then return {STATUS.OK, 0} end

local count = 0
local consumers = {}
for i = 2, #ARGV do
    -- What is no id of a job was never given out.
    local time, number = string.match(ARGV[i], '^(%d+)%-(%d+)$')
    local pending
    if time and #time < 20 and #number < 20 then
        pending = redis.call('XPENDING', KEYS[1], 'workers', ARGV[i], ARGV[i], 1)[1]
    end
    if pending then
        redis.call('XACK', KEYS[1], 'workers', ARGV[i])
        redis.call('XDEL', KEYS[1], ARGV[i])
        redis.call('ZREM', KEYS[2], ARGV[i])
        consumers[pending[2]] = true
        count = count + 1
    end
end
for consumer in pairs(consumers) do leave(consumer) end
-- An empty queue is forgotten, but not at once: ids are made of the time, and must not repeat.
if redis.call('XLEN', KEYS[1]) == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {STATUS.OK, count}
