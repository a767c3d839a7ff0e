-- KEYS: metas. Where they stand, in the order asked; nothing is cut here. One that is none of ours must not
-- hide the others.
local time = redis.call('TIME')
local answer = {time[1] * 1000 + math.floor(time[2] / 1000)}
for i = 1, #KEYS do
    local fields = redis.pcall('HMGET', KEYS[i], 'd', 'u')
    answer[i + 1] = fields.err and {fields.err} or fields
end
return answer
