-- with: now
-- -> ok, left_ms, now, value | not_found, 0, now
local value = redis.call('HGET', KEYS[1], 'v')
if not value then return {STATUS.NOT_FOUND, 0, now()} end
return {STATUS.OK, redis.call('PTTL', KEYS[1]), now(), value}
