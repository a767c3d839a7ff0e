-- with: stream owned
-- KEYS: meta, chunks, runs. ARGV: member, pid, lease_ms, user, whether to make it, whether the user must be
-- its owner, home_runs, run_open_ms; the fence that another master gave for this claim before it was lost.
local member, pid, lease_ms, asker, life_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[8])
local s, user = load(KEYS[1])
if s then
    if s[MODE] ~= 'o' then return info(STATUS.CONFLICT, s, user) end
    if ARGV[6] == '1' and user ~= '' and user ~= asker then return info(STATUS.FORBIDDEN, s, user) end
    if s[STATE] ~= 'o' then return info(STATUS.ENDED, s, user) end
    if tonumber(s[LEASE]) > now and s[PID] ~= pid then return info(STATUS.HELD, s, user) end
    must_be(KEYS[3], 'zset')
    fits_always(KEYS[1])
else
    if ARGV[5] ~= '1' then return {STATUS.NO_STREAM} end
    must_be_free(KEYS[1])
    if not has_room(KEYS[3], member, ARGV[7]) then return {STATUS.FULL} end
    s, user = create(KEYS[1], KEYS[3], member, asker, life_ms), asker
end
local given = tonumber(ARGV[9] or 0)
if given > 0 then
    if tonumber(s[FENCE]) > given then return info(STATUS.FENCED, s, user) end
    -- It was there all the time, and so was what came behind it: perhaps the lease was given back.
    if tonumber(s[FENCE]) == given then return info(STATUS.OK, s, user) end
    s[FENCE], s[PID], s[CLAIMS] = ARGV[9], pid, s[CLAIMS] + 1
elseif tonumber(s[LEASE]) <= now then
    s[FENCE], s[PID], s[CLAIMS] = text(math.max(s[FENCE] + 1, now)), pid, s[CLAIMS] + 1
end
s[LEASE] = now + lease_ms
if is_due(s, life_ms) then
    s[TOUCHED] = now
    expire(KEYS[1], KEYS[2], KEYS[3], member, now + life_ms)
end
save(KEYS[1], s)
local answer = info(STATUS.OK, s, user)
answer[5] = redis.call('HGET', KEYS[1], 'j') or ''
return answer
