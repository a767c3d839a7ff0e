-- with: now jobs
-- KEYS: 1 queue  2 what this command took, for its repeat after a lost answer  3 sorted set: when each pending
-- job was taken, because a group finds the idle ones only by looking at all
-- consumer, max, idle_ms, remember_ms -> ok, (id, payload, deliveries) of each
local consumer, max, idle = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local answer = {STATUS.OK}
local ids = {}
local taken = {}
if redis.call('XLEN', KEYS[1]) == 0 then return answer end
local time = now()

local function add(entry, deliveries)
    ids[#ids + 1] = entry[1]
    taken[#taken + 1] = time
    taken[#taken + 1] = entry[1]
    answer[#answer + 1] = entry[1]
    answer[#answer + 1] = entry[2][2]
    answer[#answer + 1] = deliveries
end

-- Of a job that this consumer has; nothing if it has not.
local function deliveries(id)
    local pending = redis.call('XPENDING', KEYS[1], 'workers', id, id, 1, consumer)[1]
    return pending and pending[4]
end

local before = redis.call('GET', KEYS[2])
if before then
    for id in string.gmatch(before, '%S+') do
        local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
        local times = entry and deliveries(id)
        if times then add(entry, times) end
    end
    return answer
end

-- What others left lying, longest first.
if idle > 0 then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', time - idle, 'LIMIT', 0, max)) do
        local claimed = redis.call('XCLAIM', KEYS[1], 'workers', consumer, 0, id)[1]
        if claimed then
            add(claimed, deliveries(id))
        else
            redis.call('ZREM', KEYS[3], id)
        end
    end
end

if #ids < max then
    local count = max - #ids
    local fresh =
        redis.call('XREADGROUP', 'GROUP', 'workers', consumer, 'COUNT', count, 'STREAMS', KEYS[1], '>')
    if fresh then
        for _, entry in ipairs(fresh[1][2]) do add(entry, 1) end
    end
end

if #ids > 0 then
    redis.call('ZADD', KEYS[3], unpack(taken))
    redis.call('SET', KEYS[2], table.concat(ids, ' '), 'PX', ARGV[4])
else
    leave(consumer)
end
return answer
