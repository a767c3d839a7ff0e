-- KEYS: 1 ids, oldest first  2 hash of id = data
-- id, data, most messages, lifetime_ms -> ok | duplicate
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 0 then return {STATUS.DUPLICATE} end
local over = redis.call('RPUSH', KEYS[1], ARGV[1]) - tonumber(ARGV[3])
for _ = 1, over do redis.call('HDEL', KEYS[2], redis.call('LPOP', KEYS[1])) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {STATUS.OK}
