-- with: now locks
-- owner, lease_ms -> ok, token, left_ms | held, 0, left_ms, holder
local token, owner, lapse = lock_now()
local time = now()
if lapse > time and owner ~= ARGV[1] then return refuse(STATUS.HELD, owner, lapse, time) end
if lapse <= time then token = math.max(token + 1, time) end
return grant(token, ARGV[1], time, tonumber(ARGV[2]))
