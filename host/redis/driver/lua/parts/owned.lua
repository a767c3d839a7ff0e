-- Owned streams. runs is the home's sorted set of its owned streams, member is what follows the home in the
-- id, the score is when the stream is forgotten.
local function keep_index(runs, at)
    if redis.call('PTTL', runs) < at - now then redis.call('PEXPIREAT', runs, at) end
end

local function expire(meta, chunks, runs, member, at)
    redis.call('PEXPIREAT', meta, at)
    redis.call('PEXPIREAT', chunks, at)
    if member == '' then return end
    redis.call('ZADD', runs, 'XX', at, member)
    keep_index(runs, at)
end

-- Whether the home takes one more.
local function has_room(runs, member, most)
    if member == '' then return true end
    must_be(runs, 'zset')
    return redis.call('ZCOUNT', runs, '(' .. now, '+inf') < tonumber(most)
end

local function create(meta, runs, member, user, life_ms)
    local zero = '0000000000000000'
    local created = time[1] .. string.format('%06d', time[2])
    local s = {'o', 'o', '0', zero, '0', zero, '0', '0', '0', '0', created, now, '0'}
    redis.call('HSET', meta, 'd', table.concat(s, '|'), 'u', user)
    redis.call('PEXPIREAT', meta, now + life_ms)
    if member ~= '' then
        redis.call('ZADD', runs, now + life_ms, member)
        redis.call('ZREMRANGEBYSCORE', runs, '-inf', now)
        keep_index(runs, now + life_ms)
    end
    return s
end

-- A sign of life is written down when a quarter of the lifetime has passed.
local function is_due(s, life_ms) return now - s[TOUCHED] > life_ms / 4 end

local function is_producer(s, fence, pid) return s[FENCE] == fence and (pid == '0' or s[PID] == pid) end
