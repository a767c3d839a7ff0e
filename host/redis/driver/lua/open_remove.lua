-- member -> ok | not_found, size
local removed = redis.call('ZREM', KEYS[1], ARGV[1])
return {removed == 1 and STATUS.OK or STATUS.NOT_FOUND, redis.call('ZCARD', KEYS[1])}
