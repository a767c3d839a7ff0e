-- with: stream shared
-- KEYS: meta, chunks, channel, window of keys. ARGV: id, key, user, whether the user must be its owner,
-- shared_entries, shared_bytes, shared_ms, publish_key_ms, publish_keys, floor; then two for each entry: type, data.
local ENTRIES = 11
local key, asker, key_ms = ARGV[2], ARGV[3], tonumber(ARGV[8])
local window = {0, 0, 0}
local s, user = load(KEYS[1])
if s then
    if s[MODE] ~= 's' then return {STATUS.CONFLICT, user} end
    if ARGV[4] == '1' and user ~= '' and user ~= asker then return {STATUS.FORBIDDEN, user} end
    local first, check, last, last_check
    window, first, check, last, last_check = look(KEYS[4], key, key_ms)
    if first then
        for at = ENTRIES, #ARGV, 2 do
            check = string.sub(redis.sha1hex(check .. ARGV[at] .. ARGV[at + 1]), 1, 16)
        end
        local is_same = (#ARGV + 1 - ENTRIES) / 2 == last - first + 1 and check == last_check
        if not is_same then return {STATUS.CONFLICT, user} end
        return {STATUS.DUPLICATE, user, first, last, last_check}
    end
else
    must_be_free(KEYS[1])
    must_be(KEYS[4], 'hash')
end
if is_still_there(s, ARGV[10]) then return {STATUS.DUPLICATE, user} end
if is_behind(s, ARGV[10]) then return {STATUS.GAP, user or ''} end
local made = not s and asker or nil
s = s or new_shared()
local prev = s[HEAD_CHECK]
local first = write_shared(ARGV[1], s, made, ENTRIES, ARGV[5], ARGV[6], tonumber(ARGV[7]))
remember(KEYS[4], window, key, ARGV[9], key_ms, first, prev, s, '')
return {STATUS.OK, made or user, first, tonumber(s[HEAD]), s[HEAD_CHECK]}
