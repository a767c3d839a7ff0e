-- with: now sessions
-- KEYS[6]: this command's answer, for its repeat after a lost one.
-- lapsed_ms, node, max, remember_ms -> ok, total, (session, node, user, data, left_ms) of each
local before = redis.call('GET', KEYS[6])
if before then return cmsgpack.unpack(before) end

local time = now()
local index = KEYS[1]
if ARGV[2] ~= '' then index = KEYS[5] .. ARGV[2] end
local answer = {STATUS.OK, 0}
local lapsed_by = time - tonumber(ARGV[1])
local lapsed = redis.call('ZRANGEBYSCORE', index, '-inf', lapsed_by, 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for i = 1, #lapsed, 2 do
    local session, node, user, data = drop(lapsed[i])
    if user then
        for _, part in ipairs({session, node, user, data, tonumber(lapsed[i + 1]) - time}) do
            answer[#answer + 1] = part
        end
    end
end
answer[2] = redis.call('ZCARD', KEYS[1])
if #lapsed > 0 then redis.call('SET', KEYS[6], cmsgpack.pack(answer), 'PX', ARGV[4]) end
return answer
