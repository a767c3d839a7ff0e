-- -> ok, left_ms, value | not_found
local value = redis.call('HGET', KEYS[1], 'v')
if not value then return {STATUS.NOT_FOUND} end
return {STATUS.OK, redis.call('PTTL', KEYS[1]), value}
