-- -> ok, waiting, pending
local size = redis.call('XLEN', KEYS[1])
if size == 0 then return {STATUS.OK, 0, 0} end
local pending = redis.call('XPENDING', KEYS[1], 'workers')[1]
return {STATUS.OK, size - pending, pending}
