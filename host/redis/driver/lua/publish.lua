-- KEYS: meta, chunks, channel, window of keys. ARGV: id, key, user, whether the user must be its owner,
-- shared_entries, shared_bytes, shared_ms, publish_key_ms, publish_keys, floor; then two for each entry: type, data.
--
-- It runs for every write to a shared stream and stands alone, since each function costs when it is made, used
-- or not. What the fields, entries and keys mean stands in parts/stream.lua and parts/shared.lua, which `send`
-- is made of; this one drops several entries and keys at once, some more than it must, so that most writes drop
-- none.
local ENTRIES, HEADER = 11, '^%d+|(%x+)|(%x+)|%d+|%az?(%d*)|%d+|()'
local meta, chunks, window = KEYS[1], KEYS[2], KEYS[4]
local key, asker, key_ms, most_keys = ARGV[2], ARGV[3], tonumber(ARGV[8]), tonumber(ARGV[9])
local sign = string.sub(ARGV[10], 1, 1)
-- Its key would only say that the entry is there, perhaps written anew by another node ahead of what is missing.
local is_question = sign == '?'
local stored = redis.call('HMGET', meta, 'd', 'u')
local fields, user = stored[1], stored[2] or ''
local time = redis.call('TIME')
-- To make a text of a number takes longer than to cut one, so what has a text keeps it.
local now_text = time[1] .. string.sub('00000' .. time[2], -6, -4)
local now = tonumber(now_text)

local zero = '0000000000000000'
local mode, state, base, base_check, head, head_check = 's', 'o', 0, zero, 0, zero
local fence, pid, lease, claims, created, touched, bytes = '0', '0', '0', '0', '', 0, 0
local oldest, next, until_ms, base_text, next_text = 0, 0, 0, '0', '0'
if fields then
    mode, state, base, base_check, head, head_check, fence, pid, lease, claims, created, touched, bytes =
        string.match(fields,
            '^([os])|([ocxel])|(%d+)|(%x+)|(%d+)|(%x+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)$')
    if not mode then return redis.error_reply('FOREIGN data in ' .. meta) end
    if mode ~= 's' then return {STATUS.CONFLICT, user} end
    if ARGV[4] == '1' and user ~= '' and user ~= asker then return {STATUS.FORBIDDEN, user} end
    base_text = base
    base, head, bytes = tonumber(base), tonumber(head), tonumber(bytes)

    local kept = redis.call('HMGET', window, 'a', 'b', 't', 'k' .. key)
    next_text = kept[2] or next_text
    oldest, next, until_ms = tonumber(kept[1] or 0), tonumber(next_text), tonumber(kept[3] or 0)
    if not (oldest and next and until_ms) then return redis.error_reply('FOREIGN data in ' .. window) end
    if kept[4] and not is_question then
        local number, at, first, check, last, last_check =
            string.match(kept[4], '^(%d+)|(%d+)|(%d+)|(%x+)|(%d+)|(%x+)|$')
        if not number then return redis.error_reply('FOREIGN data in ' .. window) end
        if tonumber(at) >= now - key_ms and tonumber(number) >= next - most_keys then
            first, last = tonumber(first), tonumber(last)
            for argument = ENTRIES, #ARGV, 2 do
                check = string.sub(redis.sha1hex(check .. ARGV[argument] .. ARGV[argument + 1]), 1, 16)
            end
            local is_same = (#ARGV + 1 - ENTRIES) / 2 == last - first + 1 and check == last_check
            if not is_same then return {STATUS.CONFLICT, user} end
            return {STATUS.DUPLICATE, user, first, last, last_check}
        end
    end
    if is_question or sign == '=' then
        local told, told_check = string.match(ARGV[10], '^.(%d+)|(%x+)$')
        told = tonumber(told)
        if told and told <= base then return {STATUS.DUPLICATE, user} end
        if told and told <= head then
            local _, check = string.match(redis.call('LINDEX', chunks, told - base - 1) or '', HEADER)
            if check == told_check then return {STATUS.DUPLICATE, user} end
        end
    end
else
    if redis.call('EXISTS', meta) == 1 then return redis.error_reply('FOREIGN data in ' .. meta) end
    local type = redis.call('TYPE', window).ok
    if type ~= 'none' and type ~= 'hash' then
        return redis.error_reply('OTHERTYPE ' .. type .. ' in ' .. window)
    end
    created = time[1] .. string.format('%06d', time[2])
end
if is_question then return {STATUS.GAP, user, head} end
if head < (tonumber(ARGV[10]) or 0) then return {STATUS.GAP, user} end

-- Numbers over 10^14 would be written with an exponent.
local NUMBER = '%.0f'
local first, prev, length, first_text, last = head + 1, head_check, head - base, nil, nil
local elements, message, length_of = {}, {ARGV[1]}, 2
for argument = ENTRIES, #ARGV, 2 do
    local kind, data, before = ARGV[argument], ARGV[argument + 1], head_check
    head, head_check = head + 1, string.sub(redis.sha1hex(before .. kind .. data), 1, 16)
    last = string.format(NUMBER, head)
    first_text = first_text or last
    local element = last .. '|' .. before .. '|' .. head_check .. '|0|' .. kind .. '|' .. now_text .. '|' .. data
    elements[#elements + 1] = element
    message[length_of], message[length_of + 1] = #element, element
    length_of = length_of + 2
    bytes = bytes + #data
end

-- Looked at before anything is written.
local count, drop = length + #elements, 0
local most, most_bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
if count > most or bytes > most_bytes then
    local at_once = math.min(length, count - most + math.min(32, math.floor(most / 16)))
    while count - drop > most or bytes > most_bytes or drop < at_once do
        local piece = redis.call('LRANGE', chunks, drop, math.min(drop + 255, math.max(drop, at_once - 1)))
        if #piece == 0 then return redis.error_reply('FOREIGN end of ' .. chunks) end
        for _, element in ipairs(piece) do
            local _, check, inflated, data = string.match(element, HEADER)
            if not check then return redis.error_reply('FOREIGN entry in ' .. chunks) end
            drop, base_check = drop + 1, check
            bytes = bytes - (inflated ~= '' and inflated or #element + 1 - data)
        end
    end
end

local pushed = redis.call('RPUSH', chunks, unpack(elements))
if pushed ~= count then
    redis.call('LTRIM', chunks, 0, -1 - #elements)
    return redis.error_reply('FOREIGN entries in ' .. chunks)
end
-- The last thing that may be refused, to a user who may not write to the channel.
local told = redis.pcall('PUBLISH', KEYS[3], table.concat(message, '|'))
if type(told) == 'table' then
    redis.call('LTRIM', chunks, 0, -1 - #elements)
    return told
end
if drop > 0 then
    redis.call('LTRIM', chunks, drop, -1)
    base_text = string.format(NUMBER, base + drop)
end
local life_ms = tonumber(ARGV[7])
local is_due = now - touched > life_ms / 4
if is_due then touched = now_text end
local text = mode .. '|' .. state .. '|' .. base_text .. '|' .. base_check .. '|' .. last .. '|' ..
    head_check .. '|' .. fence .. '|' .. pid .. '|' .. lease .. '|' .. claims .. '|' .. created .. '|' ..
    touched .. '|' .. bytes
if fields then
    redis.call('HSET', meta, 'd', text)
else
    user = asker
    redis.call('HSET', meta, 'd', text, 'u', user)
    redis.call('UNLINK', window)
end
if is_due then
    redis.call('PEXPIREAT', meta, now + life_ms)
    redis.call('PEXPIREAT', chunks, now + life_ms)
end

if next - oldest >= most_keys + math.min(32, math.floor(most_keys / 8)) then
    local slots, gone = {}, {}
    local until_number = math.min(next - most_keys, oldest + 255)
    for number = oldest, until_number do slots[#slots + 1] = 'n' .. number end
    local names = redis.call('HMGET', window, unpack(slots))
    for index, name in ipairs(names) do
        gone[#gone + 1] = slots[index]
        -- A key that came again after its time has a newer number.
        local value = name and redis.call('HGET', window, 'k' .. name)
        if value and string.match(value, '^%d+') == tostring(oldest + index - 1) then
            gone[#gone + 1] = 'k' .. name
        end
    end
    redis.call('HDEL', window, unpack(gone))
    oldest = until_number + 1
    redis.call('HSET', window, 'a', oldest)
end
local value = next_text .. '|' .. now_text .. '|' .. first_text .. '|' .. prev .. '|' .. last .. '|' ..
    head_check .. '|'
if until_ms < now + key_ms then
    until_ms = now + math.floor(key_ms * 5 / 4)
    -- A small hash is searched from its beginning: there stands what every write asks for.
    redis.call('HSET', window, 'b', next + 1, 't', until_ms, 'a', oldest, 'k' .. key, value, 'n' .. next_text, key)
    redis.call('PEXPIREAT', window, until_ms)
else
    redis.call('HSET', window, 'b', next + 1, 'k' .. key, value, 'n' .. next_text, key)
end
return {STATUS.OK, user, first, head, head_check}
