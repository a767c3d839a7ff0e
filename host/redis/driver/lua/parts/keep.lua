-- Lets a key live for at least `left_ms` more. Twice that, so that the next calls need not write it again.
local function keep(key, left_ms)
    if redis.call('PTTL', key) < left_ms then redis.call('PEXPIRE', key, 2 * left_ms) end
end
