-- member -> ok | not_found, size
local removed = redis.call('ZREM', KEYS[1], ARGV[1])
return {removed == 1 and 'ok' or 'not_found', redis.call('ZCARD', KEYS[1])}
