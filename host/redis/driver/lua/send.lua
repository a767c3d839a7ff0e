-- with: stream owned shared
-- KEYS: meta, chunks, channel, window of sends, all of the home; meta of the run, runs. ARGV: home, key,
-- user, whether the user must be the home's owner, shared_entries, shared_bytes, shared_ms, send_key_ms, send_keys,
-- content hash, answer, member of the run, job, home_runs, run_open_ms, floor; then two for each entry: type, data.
local ENTRIES = 17
local key, asker, key_ms = ARGV[2], ARGV[3], tonumber(ARGV[8])
local hash, answer, member = ARGV[10], ARGV[11], ARGV[12]
local window = {0, 0, 0}
local s, user = load(KEYS[1])
if s then
    if s[MODE] ~= 's' then return {STATUS.CONFLICT, user} end
    if ARGV[4] == '1' and user ~= '' and user ~= asker then return {STATUS.FORBIDDEN, user} end
    local first, _, last, last_check, more
    window, first, _, last, last_check, more = look(KEYS[4], key, key_ms)
    if first and not is_question(ARGV[16]) then
        local size, rest = string.match(more, '^(%d+)|(.*)$')
        if string.sub(rest, 1, size) ~= hash then return {STATUS.CONFLICT, user} end
        return {STATUS.DUPLICATE, user, first, last, last_check, string.sub(rest, size + 1)}
    end
else
    must_be_free(KEYS[1])
    must_be(KEYS[4], 'hash')
end
if is_still_there(s, ARGV[16]) then return {STATUS.DUPLICATE, user} end
if is_question(ARGV[16]) then return {STATUS.GAP, user or '', tonumber(s and s[HEAD] or 0)} end
if is_behind(s, ARGV[16]) then return {STATUS.GAP, user or ''} end
-- A claim that was acknowledged, too, may have been told to this master before the message that made its run.
-- It knows neither user nor job.
local is_claimed = false
if redis.call('EXISTS', KEYS[5]) == 1 then
    local run, owner = load(KEYS[5])
    is_claimed = is_told_again(ARGV[16]) and run ~= nil and run[MODE] == 'o' and owner == ''
    if not is_claimed then return {STATUS.CONFLICT, user or ''} end
elseif not has_room(KEYS[6], member, ARGV[14]) then
    return {STATUS.FULL, user or ''}
end

local made = not s and asker or nil
s = s or new_shared()
local prev = s[HEAD_CHECK]
local first = write_shared(ARGV[1], s, made, ENTRIES, ARGV[5], ARGV[6], tonumber(ARGV[7]))
remember(KEYS[4], window, key, ARGV[9], key_ms, first, prev, s, #hash .. '|' .. hash .. answer)
if is_claimed then
    redis.call('HSET', KEYS[5], 'u', asker)
else
    create(KEYS[5], KEYS[6], member, asker, tonumber(ARGV[15]))
end
if ARGV[13] ~= '' then redis.call('HSET', KEYS[5], 'j', ARGV[13]) end
return {STATUS.OK, made or user, first, tonumber(s[HEAD]), s[HEAD_CHECK], answer}
