-- with: now keep sessions
-- node, lease_ms, last_node_ms, sessions -> ok, total, the sessions without an entry of this node
local node, lease, last_node = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = now()
local left = lease + last_node + 60000
local answer = {'ok', 0}
local renewed = false
for i = 4, #ARGV do
    local session = ARGV[i]
    local entry = session .. '\31' .. node
    local user = user_and_data(session, node)
    if user then
        renewed = true
        redis.call('ZADD', KEYS[1], time + lease, entry)
        redis.call('ZADD', KEYS[2], 0, entry)
        redis.call('ZADD', KEYS[4] .. user, 0, entry)
        redis.call('ZADD', KEYS[5] .. node, time + lease, entry)
        keep(KEYS[4] .. user, left)
    else
        answer[#answer + 1] = session
    end
    if redis.call('HEXISTS', KEYS[3] .. session, 'last') == 1 then
        redis.call('HSET', KEYS[3] .. session, 'last_at', time)
        keep(KEYS[3] .. session, left)
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
