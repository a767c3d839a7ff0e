-- KEYS: 1 queue  2 channel of those who wait
-- payload, most jobs -> ok, id | full
-- Acknowledged jobs are deleted, so what the queue holds is what waits or is pending.
local size = redis.call('XLEN', KEYS[1])
if size >= tonumber(ARGV[2]) then return {STATUS.FULL} end
if size == 0 and redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('XGROUP', 'CREATE', KEYS[1], 'workers', '0', 'MKSTREAM')
end
local id = redis.call('XADD', KEYS[1], '*', 'p', ARGV[1])
if size == 0 then redis.call('PERSIST', KEYS[1]) end
redis.call('PUBLISH', KEYS[2], id)
return {STATUS.OK, id}
