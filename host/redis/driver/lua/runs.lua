-- KEYS: runs, meta of the home. The name of a run's meta is the home's with the member behind it.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {now}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
    answer[#answer + 1] = member
    local fields = redis.pcall('HMGET', KEYS[2] .. member, 'd', 'u', 'j')
    answer[#answer + 1] = fields.err and {fields.err} or fields
end
return answer
