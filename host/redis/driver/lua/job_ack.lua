-- empty_ms, ids -> ok, how many were pending
local count = 0
for i = 2, #ARGV do
    -- What is no id of a job was never given out.
    local time, number = string.match(ARGV[i], '^(%d+)%-(%d+)$')
    if time and #time < 20 and #number < 20 and redis.call('EXISTS', KEYS[1]) == 1
        and redis.call('XACK', KEYS[1], 'workers', ARGV[i]) == 1 then
        redis.call('XDEL', KEYS[1], ARGV[i])
        count = count + 1
    end
end
-- An empty queue is forgotten, but not at once: ids are made of the time, and must not repeat.
if count > 0 and redis.call('XLEN', KEYS[1]) == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {'ok', count}
