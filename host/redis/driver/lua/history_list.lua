-- KEYS: 1 ids, oldest first  2 hash of id = data
-- max, most bytes -> ok, (id, data) of each, newest first
local ids = redis.call('LRANGE', KEYS[1], '-' .. ARGV[1], -1)
local answer, left = {STATUS.OK}, tonumber(ARGV[2])
for i = #ids, 1, -1 do
    local data = redis.call('HGET', KEYS[2], ids[i])
    if data then
        left = left - #data
        if left < 0 and i < #ids then break end
        answer[#answer + 1] = ids[i]
        answer[#answer + 1] = data
    end
end
return answer
