-- Consumers that have nothing are not kept: names that come and go would pile up. Who has something must not
-- go, or its jobs would with it.
local function leave(consumer)
    if #redis.call('XPENDING', KEYS[1], 'workers', '-', '+', 1, consumer) == 0 then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], 'workers', consumer)
    end
end
