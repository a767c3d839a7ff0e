-- with: now keep
-- KEYS: 1 when nodes lapse  2 this one's data
-- node, data, lease_ms, forget_ms -> ok
local lease, forget = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = now()
redis.call('ZADD', KEYS[1], time + lease, ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', lease + forget)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time - forget)
keep(KEYS[1], lease + forget)
return {STATUS.OK}
