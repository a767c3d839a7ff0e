-- Shared streams. KEYS: meta, chunks, channel, window of keys. The entries are the arguments from `first` on,
-- two for each: type, data.
local function plan_trim(s, count, bytes, most_entries, most_bytes)
    local drop, base_check = 0, s[BASE_CHECK]
    while count - drop > most_entries or bytes > most_bytes do
        local _, check, size = header_of(redis.call('LINDEX', KEYS[2], drop))
        drop, base_check, bytes = drop + 1, check, bytes - size
    end
    return drop, base_check, bytes
end

-- floor: a number; or, of a write that is told again, =number|check of the last entry as which it was
-- acknowledged; with ? in front it is only asked for: by its place, since its key would only say that the entry
-- is there, perhaps written anew by another node ahead of what is missing. Whoever gives a number knows of an
-- entry that a master had and this one may lack.
local function is_question(floor) return string.sub(floor, 1, 1) == '?' end

local function is_behind(s, floor)
    return tonumber(s and s[HEAD] or 0) < (tonumber(floor) or 0)
end

local function is_told_again(floor) return string.sub(floor, 1, 1) == '=' end

-- Where its key left the window, because others wrote much since, the entry itself speaks for it; and one that
-- was dropped since was there.
local function is_still_there(s, floor)
    local last, check = string.match(floor, '^[=?](%d+)|(%x+)$')
    if not s or not last or tonumber(last) > tonumber(s[HEAD]) then return false end
    if tonumber(last) <= tonumber(s[BASE]) then return true end
    local _, found = header_of(redis.call('LINDEX', KEYS[2], last - s[BASE] - 1))
    return found == check
end

local function new_shared()
    local zero = '0000000000000000'
    local created = time[1] .. string.format('%06d', time[2])
    return {'s', 'o', '0', zero, '0', zero, '0', '0', '0', '0', created, '0', '0'}
end

-- Appends; the stream is made if `user` is given. Returns the first number.
local function write_shared(id, s, user, first, most_entries, most_bytes, life_ms)
    local base, head, check, bytes = tonumber(s[BASE]), tonumber(s[HEAD]), s[HEAD_CHECK], tonumber(s[BYTES])
    local elements, message, length = {}, {id}, head - base
    local first_seq = head + 1
    for at = first, #ARGV, 2 do
        local prev, kind, data = check, ARGV[at], ARGV[at + 1]
        head, check = head + 1, string.sub(redis.sha1hex(prev .. kind .. data), 1, 16)
        local element = table.concat({text(head), prev, check, '0', kind, now, data}, '|')
        elements[#elements + 1] = element
        message[#message + 1] = #element .. '|' .. element
        bytes = bytes + #data
    end
    local drop, base_check
    drop, base_check, bytes =
        plan_trim(s, length + #elements, bytes, tonumber(most_entries), tonumber(most_bytes))

    push(KEYS[2], elements, length, KEYS[3], table.concat(message, '|'))
    if drop > 0 then redis.call('LTRIM', KEYS[2], drop, -1) end
    s[BASE], s[BASE_CHECK], s[HEAD], s[HEAD_CHECK], s[BYTES] =
        text(base + drop), base_check, text(head), check, text(bytes)
    local is_due = now - s[TOUCHED] > life_ms / 4
    if is_due then s[TOUCHED] = now end
    if user then
        redis.call('HSET', KEYS[1], 'd', table.concat(s, '|'), 'u', user)
        redis.call('UNLINK', KEYS[4])
    else
        save(KEYS[1], s)
    end
    if is_due then
        redis.call('PEXPIREAT', KEYS[1], now + life_ms)
        redis.call('PEXPIREAT', KEYS[2], now + life_ms)
    end
    return first_seq
end

-- The keys of writes, in the order of their numbers: k<key> = number | time | first | prev | last | check |
-- more, n<number> = key; a and b are the oldest number and the next one, t is when the hash expires.
local KNOWN = '^%d+|(%d+)|(%d+)|(%x+)|(%d+)|(%x+)|(.*)$'

-- Asked for before anything is written: the oldest number, the next one, and when the window expires; then
-- what is known of the key: first, prev, last, check, more.
local function look(window, key, life_ms)
    local kept = redis.call('HMGET', window, 'a', 'b', 't', 'k' .. key)
    local oldest, next, until_ms = tonumber(kept[1] or 0), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
    if not (oldest and next and until_ms) then error('FOREIGN data in ' .. window) end
    local seen = {oldest, next, until_ms}
    if not kept[4] then return seen end
    local at, first, prev, last, check, more = string.match(kept[4], KNOWN)
    if not at then error('FOREIGN data in ' .. window) end
    if tonumber(at) < now - life_ms then return seen end
    return seen, tonumber(first), prev, tonumber(last), check, more
end

local function remember(window, seen, key, most, life_ms, first, prev, s, more)
    local oldest, next, until_ms = seen[1], seen[2], seen[3]
    while next - oldest >= tonumber(most) do
        local slot = 'n' .. oldest
        local name = redis.call('HGET', window, slot)
        -- A key that came again after its time has a newer number.
        local value = name and redis.call('HGET', window, 'k' .. name)
        local is_its_own = value and string.match(value, '^%d+') == tostring(oldest)
        redis.call('HDEL', window, slot, is_its_own and 'k' .. name or slot)
        oldest = oldest + 1
    end
    local value = table.concat({next, now, text(first), prev, s[HEAD], s[HEAD_CHECK], more}, '|')
    local is_due = until_ms < now + life_ms
    if is_due then until_ms = now + math.floor(life_ms * 5 / 4) end
    redis.call('HSET', window, 'k' .. key, value, 'n' .. next, key, 'a', oldest, 'b', next + 1, 't', until_ms)
    if is_due then redis.call('PEXPIREAT', window, until_ms) end
end
