-- with: sessions
-- session, node -> ok | not_found, total
local entry = ARGV[1] .. '\31' .. ARGV[2]
local status = STATUS.NOT_FOUND
if redis.call('ZSCORE', KEYS[1], entry) then
    drop(entry)
    status = STATUS.OK
end
return {status, redis.call('ZCARD', KEYS[1])}
