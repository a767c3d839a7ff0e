-- with: now
-- KEYS: 1 when nodes lapse  2 what the keys of their data begin with
-- forget_ms -> ok, (node, data, left_ms) of each
local time = now()
local answer = {STATUS.OK}
local from = '(' .. string.format('%.0f', time - tonumber(ARGV[1]))
local nodes = redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf', 'WITHSCORES')
for i = 1, #nodes, 2 do
    local data = redis.call('GET', KEYS[2] .. nodes[i])
    if data then
        for _, part in ipairs({nodes[i], data, tonumber(nodes[i + 1]) - time}) do
            answer[#answer + 1] = part
        end
    end
end
return answer
