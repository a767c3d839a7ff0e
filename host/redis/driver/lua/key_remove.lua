-- KEYS[2]: that this command removed something, for its repeat after a lost answer
-- condition, expected, remember_ms -> ok | conflict, left_ms, value | not_found
local value = redis.call('HGET', KEYS[1], 'v')
if value and ARGV[1] == 'equals' and value ~= ARGV[2] then
    return {STATUS.CONFLICT, redis.call('PTTL', KEYS[1]), value}
end
if not value then return {redis.call('EXISTS', KEYS[2]) == 1 and STATUS.OK or STATUS.NOT_FOUND} end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], '', 'PX', ARGV[3])
return {STATUS.OK}
