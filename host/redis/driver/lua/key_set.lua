-- KEYS[1]: hash of v = value, by = the command that wrote it: a repeat after a lost answer finds its own.
-- value, ttl_ms, condition, expected, by -> ok, left_ms | conflict, left_ms, value | not_found
local found = redis.call('HMGET', KEYS[1], 'v', 'by')
local value = found[1]
if value and found[2] == ARGV[5] then return {STATUS.OK, redis.call('PTTL', KEYS[1])} end
if ARGV[3] == 'equals' and not value then return {STATUS.NOT_FOUND} end
if value and (ARGV[3] == 'missing' or (ARGV[3] == 'equals' and value ~= ARGV[4])) then
    return {STATUS.CONFLICT, redis.call('PTTL', KEYS[1]), value}
end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'by', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {STATUS.OK, tonumber(ARGV[2])}
