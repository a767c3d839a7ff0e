-- KEYS: meta, chunks, channel, runs. ARGV: id, member, fence, pid, first seq, prev of the first, last seq,
-- last check, bytes of data, end state (o: none), lease_ms, run_entries, run_bytes, run_open_ms, run_ended_ms;
-- then two for each record: an entry up to its time, and what follows the time; nothing follows where the
-- first has it all.
--
-- The one script that runs for every piece of text: it stands alone, since each function costs when it is
-- made, used or not.
local meta, chunks = KEYS[1], KEYS[2]
local stored = redis.call('HMGET', meta, 'd', 'u')
local fields, user = stored[1], stored[2] or ''
if not fields then return {STATUS.NO_STREAM} end
-- As FIELDS in parts/stream.lua; of the base nothing is asked here.
local mode, state, base, head, head_check, fence, pid, lease, claims, created, touched, bytes =
    string.match(fields,
        '^([os])|([ocxel])|(%d+|%x+)|(%d+)|(%x+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)$')
if not mode then return redis.error_reply('FOREIGN data in ' .. meta) end

local time = redis.call('TIME')
local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000
if mode ~= 'o' then return {STATUS.CONFLICT, now, fields, user} end
if fence ~= ARGV[3] or (pid ~= ARGV[4] and ARGV[4] ~= '0') then return {STATUS.FENCED, now, fields, user} end

-- Answers are {status, now, fields, user}.
local RECORDS, HEADER = 16, '^%d+|%x+|(%x+)|%d+|%az?(%d*)|%d+|()'
local count, first, last = tonumber(head), tonumber(ARGV[5]), tonumber(ARGV[7])
local status, ending = STATUS.OK, ARGV[10]
if last <= count then
    local check = head_check
    if last < count then check = string.match(redis.call('LINDEX', chunks, last - 1) or '', HEADER) end
    local is_same = check == ARGV[8]
    if state ~= 'o' then return {is_same and STATUS.DUPLICATE or STATUS.ENDED, now, fields, user} end
    if not is_same then return {STATUS.CONFLICT, now, fields, user} end
    status = STATUS.DUPLICATE
elseif state ~= 'o' then
    return {STATUS.ENDED, now, fields, user}
elseif first > count + 1 then
    return {STATUS.GAP, now, fields, user}
end

local life_ms = tonumber(ARGV[14])
local is_due = now - touched > life_ms / 4 or ending ~= 'o'
if is_due then
    local type = redis.call('TYPE', KEYS[4]).ok
    if type ~= 'zset' and type ~= 'none' then
        return redis.error_reply('OTHERTYPE ' .. type .. ' in ' .. KEYS[4])
    end
end
-- A server without memory refuses a script's first write if it could need some, and none after it. A removal
-- of nothing lets those through that must always fit: renewals and ends.
if status == STATUS.DUPLICATE then
    redis.call('HDEL', meta, '-')
else
    local at, prev = RECORDS, ARGV[6]
    bytes = bytes + ARGV[9]
    while first <= count do
        local entry = ARGV[at + 1] == '' and ARGV[at] or ARGV[at] .. '0' .. ARGV[at + 1]
        local check, inflated, data = string.match(entry, HEADER)
        bytes = bytes - (inflated ~= '' and inflated or #entry + 1 - data)
        at, first, prev = at + 2, first + 1, check
    end
    if prev ~= head_check then return {STATUS.DIVERGED, now, fields, user} end
    local is_end_only = ending ~= 'o' and last == count + 1
    if is_end_only then
        redis.call('HDEL', meta, '-')
    elseif last > tonumber(ARGV[12]) or bytes > tonumber(ARGV[13]) then
        return {STATUS.FULL, now, fields, user}
    end

    local length, message
    local entry, rest = ARGV[at], ARGV[at + 1]
    if rest ~= '' then entry = entry .. now .. rest end
    message = ARGV[1] .. '|' .. #entry .. '|' .. entry
    if last == count + 1 then
        length = redis.call('RPUSH', chunks, entry)
    else
        local entries, parts = {entry}, {message}
        for next = at + 2, #ARGV, 2 do
            entry, rest = ARGV[next], ARGV[next + 1]
            if rest ~= '' then entry = entry .. now .. rest end
            entries[#entries + 1] = entry
            parts[#parts + 1] = #entry .. '|' .. entry
        end
        message = table.concat(parts, '|')
        length = redis.call('RPUSH', chunks, unpack(entries))
    end
    if length ~= last then
        redis.call('LTRIM', chunks, 0, count - last - 1)
        return redis.error_reply('FOREIGN entries in ' .. chunks)
    end
    -- The last thing that may be refused, to a user who may not write to the channel.
    local told = redis.pcall('PUBLISH', KEYS[3], message)
    if type(told) == 'table' then
        redis.call('LTRIM', chunks, 0, count - last - 1)
        return told
    end
    head, head_check = ARGV[7], ARGV[8]
    if count == 0 and not is_due then redis.call('PEXPIREAT', chunks, touched + life_ms) end
end

local lease_ms = tonumber(ARGV[11])
if lease_ms > 0 and now + lease_ms > tonumber(lease) then lease = now + lease_ms end
if ending ~= 'o' then
    state, lease, life_ms = ending, '0', tonumber(ARGV[15])
    redis.call('HDEL', meta, 'j')
end
if is_due then
    touched = now
    local at = now + life_ms
    redis.call('PEXPIREAT', meta, at)
    redis.call('PEXPIREAT', chunks, at)
    if ARGV[2] ~= '' then
        redis.call('ZADD', KEYS[4], 'XX', at, ARGV[2])
        if redis.call('PTTL', KEYS[4]) < life_ms then redis.call('PEXPIREAT', KEYS[4], at) end
    end
end
fields = mode .. '|' .. state .. '|' .. base .. '|' .. head .. '|' .. head_check .. '|' .. fence ..
    '|' .. pid .. '|' .. lease .. '|' .. claims .. '|' .. created .. '|' .. touched .. '|' .. bytes
redis.call('HSET', meta, 'd', fields)
return {status, now, fields, user}
