-- with: now keep sessions
-- node, lease_ms, last_node_ms, sessions -> ok, total, the sessions without an entry of this node
local node, lease, last_node = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = now()
local left = lease + last_node + 60000
local answer = {'ok', 0}
local renewed = false
-- A server over its memory refuses what may grow only as long as a script has written nothing; leases that
-- nobody can renew would make that worse.
redis.call('ZREM', KEYS[1], '')
for i = 4, #ARGV do
    local session = ARGV[i]
    local entry = session .. '\31' .. node
    local hash = KEYS[3] .. session
    local user = user_and_data(session, node)
    if user then
        renewed = true
        redis.call('ZADD', KEYS[1], time + lease, entry)
        redis.call('ZADD', KEYS[5] .. node, time + lease, entry)
        keep(KEYS[4] .. user, left)
    else
        answer[#answer + 1] = session
    end
    if user or redis.call('EXISTS', hash) == 1 then
        redis.call('HSET', hash, 'last_at', time)
        keep(hash, left)
    end
end
if renewed then
    keep(KEYS[1], left)
    keep(KEYS[2], left)
    keep(KEYS[5] .. node, left)
end
forget(time - last_node)
answer[2] = redis.call('ZCARD', KEYS[1])
return answer
