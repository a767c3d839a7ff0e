-- KEYS: 1 when nodes lapse  2 this one's data
-- node -> ok | not_found
redis.call('DEL', KEYS[2])
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return {STATUS.NOT_FOUND} end
return {STATUS.OK}
