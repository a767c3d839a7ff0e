-- Lets a key live for at least `left_ms` more.
local function keep(key, left_ms)
    if redis.call('PTTL', key) < left_ms then redis.call('PEXPIRE', key, left_ms) end
end
