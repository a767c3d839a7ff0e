-- condition, expected -> ok | conflict, left_ms, value | not_found
local value = redis.call('HGET', KEYS[1], 'v')
if not value then return {'not_found'} end
if ARGV[1] == 'equals' and value ~= ARGV[2] then
    return {'conflict', redis.call('PTTL', KEYS[1]), value}
end
redis.call('DEL', KEYS[1])
return {'ok'}
