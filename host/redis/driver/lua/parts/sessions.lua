-- An entry is named <session> \31 <node>; names hold no control characters. KEYS:
-- 1 when entries lapse  2 entries by name, all with score 0
-- and what keys begin with: 3 <session>: hash of n:<node> = <user> \31 <data>, last = newest node, last_at
-- 4 <user>: entries by name  5 <node>: when its entries lapse
local function parted(text)
    local at = string.find(text, '\31', 1, true)
    return string.sub(text, 1, at - 1), string.sub(text, at + 1)
end

local function user_and_data(session, node)
    local kept = redis.call('HGET', KEYS[3] .. session, 'n:' .. node)
    if kept then return parted(kept) end
end

-- What it was; no user when its fields went first.
local function drop(entry)
    local session, node = parted(entry)
    local user, data = user_and_data(session, node)
    redis.call('ZREM', KEYS[1], entry)
    redis.call('ZREM', KEYS[2], entry)
    redis.call('ZREM', KEYS[5] .. node, entry)
    if user then
        redis.call('ZREM', KEYS[4] .. user, entry)
        redis.call('HDEL', KEYS[3] .. session, 'n:' .. node)
    end
    return session, node, user, data
end

-- How long keys live at least: longer than forget() leaves an entry of the longest lease, an hour, so that its
-- fields never go before its name. The eighth is how late a renewal may write down that it was.
local function lifetime(last_node_ms) return 3660000 + math.ceil(last_node_ms * 1.25) end

-- Nobody reaps: entries of nodes that never came back must not stay for ever. A few with each write.
local function forget(lapsed_by)
    for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', lapsed_by, 'LIMIT', 0, 8)) do
        drop(entry)
    end
end
