-- KEYS: metas. Where they stand, in the order asked; nothing is cut here.
local time = redis.call('TIME')
local answer = {time[1] * 1000 + math.floor(time[2] / 1000)}
for i = 1, #KEYS do answer[i + 1] = redis.call('HMGET', KEYS[i], 'd', 'u') end
return answer
