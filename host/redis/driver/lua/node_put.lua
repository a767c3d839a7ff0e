-- with: now keep
-- KEYS: 1 when nodes lapse  2 this one's data
-- node, data, lease_ms, forget_ms -> ok, (node, data, left_ms) of what stood there before
local lease, forget = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = now()
local lapse, data = redis.call('ZSCORE', KEYS[1], ARGV[1]), redis.call('GET', KEYS[2])
redis.call('ZADD', KEYS[1], time + lease, ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', lease + forget)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time - forget)
keep(KEYS[1], lease + forget)
if not lapse or not data then return {STATUS.OK} end
return {STATUS.OK, ARGV[1], data, tonumber(lapse) - time}
