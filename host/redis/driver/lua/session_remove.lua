-- with: sessions
-- session, node -> ok | not_found, total
local entry = ARGV[1] .. '\31' .. ARGV[2]
local status = 'not_found'
if redis.call('ZSCORE', KEYS[1], entry) then
    drop(entry)
    status = 'ok'
end
return {status, redis.call('ZCARD', KEYS[1])}
