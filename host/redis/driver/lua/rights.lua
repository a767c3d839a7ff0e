-- KEYS[1]: a key of ours, whose name is a channel of ours as well. Which commands of a node its user may not run.
local commands = 'client|kill del eval evalsha exists get hdel hget hmget hset hsetnx info lindex lpop lrange ltrim persist ' ..
    'pexpire pexpireat ping psubscribe pttl publish punsubscribe role rpush script|load select set subscribe time type unlink ' ..
    'unsubscribe xack xadd xclaim xdel xgroup|create xgroup|delconsumer xlen xpending xrange xreadgroup zadd zcard zcount zmscore ' ..
    'zrangebylex zrangebyscore zrem zremrangebyscore zscore'
local missing = {}
if not redis.acl_check_cmd then return missing end -- before 7.0
for command in string.gmatch(commands, '%S+') do
    local words = {}
    for word in string.gmatch(command, '[^|]+') do words[#words + 1] = word end
    -- As many words as any of them needs: the server looks for keys where they would stand. A pattern would have to be one of the user's.
    for _ = 1, command == 'psubscribe' and 0 or 3 do words[#words + 1] = KEYS[1] end
    if not redis.acl_check_cmd(unpack(words)) then missing[#missing + 1] = command end
end
return missing
