-- with: now
-- ahead_ms, max -> ok, size, members
-- Those of a lost answer are due again by themselves.
local time = now()
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', time, 'LIMIT', 0, ARGV[2])
local answer = {STATUS.OK, redis.call('ZCARD', KEYS[1])}
redis.call('ZREM', KEYS[1], '')  -- a write that needs no memory: then a full server lets the others pass
local moved = {}
for _, member in ipairs(due) do
    moved[#moved + 1] = time + tonumber(ARGV[1])
    moved[#moved + 1] = member
    answer[#answer + 1] = member
end
if #due > 0 then redis.call('ZADD', KEYS[1], unpack(moved)) end
return answer
