-- with: stream owned
-- KEYS: meta, chunks, channel, runs. ARGV: id, member, fence, pid, first seq, prev of the first, last seq, last
-- check, bytes of data, end state (o: none), lease_ms, run_entries, run_bytes, run_open_ms, run_ended_ms; then
-- two for each record: an entry up to its time, and what follows the time; nothing follows where the first
-- has it all.
local RECORDS = 16
local member, first, last, last_check, ending = ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[7]), ARGV[8], ARGV[10]
local s, user = load(KEYS[1])
if not s then return {NO_STREAM} end
if s[MODE] ~= 'o' then return info(CONFLICT, s, user) end
if not is_producer(s, ARGV[3], ARGV[4]) then return info(FENCED, s, user) end

local head = tonumber(s[HEAD])
local is_known = last <= head
if is_known then
    local _, check = '', s[HEAD_CHECK]
    if last < head then _, check = header_of(redis.call('LINDEX', KEYS[2], last - 1)) end
    if check ~= last_check then return info(s[STATE] == 'o' and CONFLICT or ENDED, s, user) end
end
if s[STATE] ~= 'o' then return info(is_known and DUPLICATE or ENDED, s, user) end
if first > head + 1 then return info(GAP, s, user) end

local lease_ms, life_ms = tonumber(ARGV[11]), tonumber(ARGV[14])
if lease_ms > 0 and now + lease_ms > tonumber(s[LEASE]) then s[LEASE] = now + lease_ms end
local is_due = now - s[TOUCHED] > life_ms / 4
if is_due or ending ~= 'o' then must_be(KEYS[4], 'zset') end

if is_known then
    fits_always(KEYS[1])
else
    local from, prev, bytes = RECORDS, ARGV[6], tonumber(ARGV[9])
    for _ = first, head do
        local _, _, size = header_of(ARGV[from + 1] == '' and ARGV[from] or ARGV[from] .. '0' .. ARGV[from + 1])
        from, bytes = from + 2, bytes - size
    end
    if from > RECORDS then prev = string.match(ARGV[from], '^%d+|(%x+)') end
    if prev ~= s[HEAD_CHECK] then return info(DIVERGED, s, user) end
    local is_end_only = ending ~= 'o' and last == head + 1
    if not is_end_only and (last > tonumber(ARGV[12]) or s[BYTES] + bytes > tonumber(ARGV[13])) then
        return info(FULL, s, user)
    end

    local elements, message = {}, {ARGV[1]}
    for at = from, #ARGV, 2 do
        local element, rest = ARGV[at], ARGV[at + 1]
        if rest ~= '' then element = element .. now .. rest end
        elements[#elements + 1] = element
        message[#message + 1] = #element .. '|' .. element
    end
    if is_end_only then fits_always(KEYS[1]) end
    push(KEYS[2], elements, head)
    s[HEAD], s[HEAD_CHECK], s[BYTES] = ARGV[7], last_check, s[BYTES] + bytes
    redis.call('PUBLISH', KEYS[3], table.concat(message, '|'))
    if head == 0 and not is_due then redis.call('PEXPIREAT', KEYS[2], s[TOUCHED] + life_ms) end
end

if ending ~= 'o' then
    s[STATE], s[LEASE], life_ms, is_due = ending, '0', tonumber(ARGV[15]), true
    redis.call('HDEL', KEYS[1], 'j')
end
if is_due then
    s[TOUCHED] = now
    expire(KEYS[1], KEYS[2], KEYS[4], member, now + life_ms)
end
save(KEYS[1], s)
return info(is_known and DUPLICATE or OK, s, user)
