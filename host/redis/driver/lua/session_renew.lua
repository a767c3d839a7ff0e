-- with: now keep sessions
-- node, lease_ms, last_node_ms, sessions -> ok, total, the sessions without an entry of this node
local node, lease, last_node = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = now()
local left = lifetime(last_node)
local answer = {STATUS.OK, 0}
local leases = {}
-- A server over its memory refuses what may grow only as long as a script has written nothing; leases that
-- nobody can renew would make that worse.
redis.call('ZREM', KEYS[1], '')
for i = 4, #ARGV do
    local session = ARGV[i]
    local hash = KEYS[3] .. session
    local found = redis.call('HMGET', hash, 'n:' .. node, 'last_at')
    if found[1] then
        leases[#leases + 1] = time + lease
        leases[#leases + 1] = session .. '\31' .. node
    else
        answer[#answer + 1] = session
    end
    if found[2] and time - tonumber(found[2]) > last_node / 8 then
        redis.call('HSET', hash, 'last_at', time)
        keep(hash, left)
        if found[1] then keep(KEYS[4] .. parted(found[1]), left) end
    end
end
if #leases > 0 then
    redis.call('ZADD', KEYS[1], unpack(leases))
    redis.call('ZADD', KEYS[5] .. node, unpack(leases))
    for _, key in ipairs({KEYS[1], KEYS[2], KEYS[5] .. node}) do keep(key, left) end
end
forget(time - last_node)
answer[2] = redis.call('ZCARD', KEYS[1])
return answer
