-- Store time: Unix milliseconds of the server that runs this.
local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
