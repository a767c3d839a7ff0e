-- What every script about streams begins with. A stream's meta is a hash: d, its fields in one text; u, the
-- user of its first write; j, the job of a run until that ends. One text, because reading and writing twelve
-- fields of a hash takes longer than cutting and joining them here.
local MODE, STATE, BASE, BASE_CHECK, HEAD, HEAD_CHECK, FENCE, PID, LEASE, CLAIMS, CREATED, TOUCHED, BYTES =
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
local FIELDS = '^([os])|([ocxel])|(%d+)|(%x+)|(%d+)|(%x+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)$'
-- seq | prev | check | fence | type, z and the size where deflated | ts |
local HEADER = '^%d+|(%x+)|(%x+)|%d+|%az?(%d*)|%d+|'

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Numbers over 10^14 would be written with an exponent.
local function text(number) return string.format('%.0f', number) end

local function load(meta)
    local stored = redis.call('HMGET', meta, 'd', 'u')
    if not stored[1] then return nil end
    local s = {string.match(stored[1], FIELDS)}
    if not s[1] then error('FOREIGN data in ' .. meta) end
    return s, stored[2] or ''
end

local function save(meta, s) redis.call('HSET', meta, 'd', table.concat(s, '|')) end

local function info(status, s, user) return {status, now, table.concat(s, '|'), user} end

-- The header of an entry, cut up: prev, check, size of the data.
local function header_of(element)
    local _, stop, prev, check, inflated = string.find(element or '', HEADER)
    if not stop then error('FOREIGN entry in ' .. KEYS[2]) end
    return prev, check, inflated ~= '' and tonumber(inflated) or #element - stop
end

-- Every script writes its first byte only when nothing can fail any more: what would be of the wrong type is
-- asked for before.
local function must_be(key, type)
    local is = redis.call('TYPE', key).ok
    if is ~= 'none' and is ~= type then error('OTHERTYPE ' .. is .. ' in ' .. key) end
end

local function must_be_free(key)
    if redis.call('EXISTS', key) == 1 then error('FOREIGN data in ' .. key) end
end

-- A server without memory refuses a script's first write if it could need some, and none after it. A removal
-- of nothing lets those through that must always fit.
local function fits_always(meta) redis.call('HDEL', meta, '-') end

-- Entries go to the list and to whoever listens, all or none: a script's first write, and its last one that
-- may be refused, to a user who may not write to the channel.
local function push(chunks, elements, length_before, channel, message)
    local length = redis.call('RPUSH', chunks, unpack(elements))
    local is_ours = length == length_before + #elements
    local told = is_ours and redis.pcall('PUBLISH', channel, message)
    if type(told) == 'number' then return end
    redis.call('LTRIM', chunks, 0, -1 - #elements)
    error(is_ours and told.err or 'FOREIGN entries in ' .. chunks)
end
