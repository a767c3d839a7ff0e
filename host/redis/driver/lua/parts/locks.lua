-- KEYS[1]: hash of token, owner, lapse. It outlives the lease, so that a repeated release is known, and
-- tokens rise even if the clock is set back. Beyond that their floor is the time.
local kRemembered = 3600000

local function lock_now()
    local found = redis.call('HMGET', KEYS[1], 'token', 'owner', 'lapse')
    return tonumber(found[1] or 0), found[2], tonumber(found[3] or 0)
end

local function digits(number) return string.format('%.0f', number) end

local function grant(token, owner, time, lease)
    redis.call('HSET', KEYS[1], 'token', digits(token), 'owner', owner, 'lapse', digits(time + lease))
    redis.call('PEXPIRE', KEYS[1], lease + kRemembered)
    return {STATUS.OK, token, lease}
end

local function refuse(status, owner, lapse, time)
    if lapse <= time then return {status, 0, 0, ''} end
    return {status, 0, lapse - time, owner}
end
