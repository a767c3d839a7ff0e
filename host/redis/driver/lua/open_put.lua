-- with: now
-- member, due_in_ms -> ok, size
redis.call('ZADD', KEYS[1], now() + tonumber(ARGV[2]), ARGV[1])
return {STATUS.OK, redis.call('ZCARD', KEYS[1])}
