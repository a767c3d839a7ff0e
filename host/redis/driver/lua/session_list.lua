-- with: now sessions
-- session, user, cursor, max, grace_ms, last_node_ms
-- -> ok, total, cursor, last node, (session, node, user, data, left_ms) of each
local session, user, cursor = ARGV[1], ARGV[2], ARGV[3]
local max, grace, last_node = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local time = now()
local answer = {STATUS.OK, redis.call('ZCARD', KEYS[1]), '', ''}

local index, from, to = KEYS[2], '-', '+'
if session ~= '' then
    from, to = '[' .. session .. '\31', '(' .. session .. '\32'
    local last = redis.call('HMGET', KEYS[3] .. session, 'last', 'last_at')
    if last[1] and time - tonumber(last[2]) < last_node then answer[4] = last[1] end
elseif user ~= '' then
    index = KEYS[4] .. user
end
if cursor ~= '' then from = '(' .. cursor end

-- Entries that lapsed are looked at too: not more than a server may spend on one call.
local found, looked = 0, 0
repeat
    local page = redis.call('ZRANGEBYLEX', index, from, to, 'LIMIT', 0, 128)
    local lapses = #page > 0 and redis.call('ZMSCORE', KEYS[1], unpack(page))
    for i, entry in ipairs(page) do
        if found == max or looked == max + 1000 then
            answer[3] = string.sub(from, 2)
            return answer
        end
        from = '(' .. entry
        looked = looked + 1
        local lapse = lapses[i]
        if not lapse then
            redis.call('ZREM', index, entry)
        elseif tonumber(lapse) > time - grace then
            local of_session, node = parted(entry)
            local of_user, data = user_and_data(of_session, node)
            if of_user then
                found = found + 1
                for _, part in ipairs({of_session, node, of_user, data, tonumber(lapse) - time}) do
                    answer[#answer + 1] = part
                end
            end
        end
    end
until #page < 128
return answer
