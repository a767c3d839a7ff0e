-- with: now keep sessions
-- session, node, user, data, lease_ms, last_node_ms -> ok, total
local session, node, user, data = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease, last_node = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = now()
local entry = session .. '\31' .. node
local former = user_and_data(session, node)
if former and former ~= user then redis.call('ZREM', KEYS[4] .. former, entry) end

redis.call('HSET', KEYS[3] .. session, 'n:' .. node, user .. '\31' .. data, 'last', node, 'last_at', time)
redis.call('ZADD', KEYS[1], time + lease, entry)
redis.call('ZADD', KEYS[2], 0, entry)
redis.call('ZADD', KEYS[4] .. user, 0, entry)
redis.call('ZADD', KEYS[5] .. node, time + lease, entry)
local left = lifetime(last_node)
for _, key in ipairs({KEYS[1], KEYS[2], KEYS[3] .. session, KEYS[4] .. user, KEYS[5] .. node}) do
    keep(key, left)
end
forget(time - last_node)
return {STATUS.OK, redis.call('ZCARD', KEYS[1])}
