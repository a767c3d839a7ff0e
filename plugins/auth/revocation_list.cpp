#include "revocation_list.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "streamhost/json_object.hpp"

#include "json_members.hpp"
#include "key.hpp"

namespace auth {

using simdjson::dom::element;

namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kIdBytes = 8;

// Of the one who was changed later; both states alike keep what is stricter.
Revocation merged(const Revocation& one, const Revocation& other) {
    const bool is_newer =
        one.changed_ms > other.changed_ms ||
        (one.changed_ms == other.changed_ms &&
         std::pair(!one.is_withdrawn, one.reason) > std::pair(!other.is_withdrawn, other.reason));
    Revocation out = is_newer ? one : other;
    if (one.is_withdrawn == other.is_withdrawn) out.before_ms = std::max(one.before_ms, other.before_ms);
    out.end_ms = std::max(one.end_ms, other.end_ms);
    return out;
}

std::string write_entry(const Revocation& entry) {
    streamhost::JsonObject out;
    out.text(entry.names == Revocation::Names::kUser ? "u" : "t", entry.name)
        .number("b", entry.before_ms)
        .number("e", entry.end_ms)
        .number("c", entry.changed_ms);
    if (entry.is_withdrawn) out.number("x", 1);
    return out.text_if("r", entry.reason).done();
}

bool read_number(const element& value, std::int64_t& out) {
    return value.get_int64().get(out) == simdjson::SUCCESS;
}

bool read_entry(const element& value, Revocation& out) {
    simdjson::dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    const bool is_read = each_member(object, [&](std::string_view name, const element& member) {
        if (name == "u" || name == "t") {
            out.names = name == "u" ? Revocation::Names::kUser : Revocation::Names::kToken;
            return out.name.empty() && read_text(member, out.name);
        }
        if (name == "b") return read_number(member, out.before_ms);
        if (name == "e") return read_number(member, out.end_ms);
        if (name == "c") return read_number(member, out.changed_ms);
        if (name == "x") return (out.is_withdrawn = true);
        return name != "r" || read_text(member, out.reason);
    });
    return is_read && !out.name.empty();
}

}  // namespace

std::string id_of(const Revocation& revocation) {
    const char* kind = revocation.names == Revocation::Names::kUser ? "user:" : "token:";
    return hex_of(digest_of(kind + revocation.name), kIdBytes);
}

RevocationList::Change RevocationList::merge(const Revocation& other) {
    const auto [place, is_new] = map_of(other.names).try_emplace(other.name, other);
    if (is_new) return other.is_withdrawn ? Change::kMilder : Change::kStricter;
    Revocation next = merged(place->second, other);
    if (next == place->second) return Change::kNone;
    const bool is_stricter =
        !next.is_withdrawn && (place->second.is_withdrawn || next.before_ms > place->second.before_ms);
    place->second = std::move(next);
    return is_stricter ? Change::kStricter : Change::kMilder;
}

RevocationList::Change RevocationList::merge(const RevocationList& other) {
    Change all = Change::kNone;
    other.each([&](const Revocation& entry) { all = std::max(all, merge(entry)); });
    return all;
}

bool RevocationList::prune(std::int64_t now_ms) {
    const auto has_ended = [now_ms](const auto& entry) { return entry.second.end_ms <= now_ms; };
    const std::size_t users = std::erase_if(users_, has_ended);
    return users + std::erase_if(tokens_, has_ended) > 0;
}

bool RevocationList::covers(std::string_view user, std::string_view token_id, std::int64_t issued_ms) const {
    const auto holds = [](const Revocation* entry) { return entry != nullptr && !entry->is_withdrawn; };
    const Revocation* of_user = find(Revocation::Names::kUser, user);
    if (holds(of_user) && issued_ms < of_user->before_ms) return true;
    // A single token is meant whatever the clock said that dated it.
    return !token_id.empty() && holds(find(Revocation::Names::kToken, token_id));
}

const Revocation* RevocationList::find(Revocation::Names names, std::string_view name) const {
    const Map& map = names == Revocation::Names::kUser ? users_ : tokens_;
    const auto found = map.find(name);
    return found == map.end() ? nullptr : &found->second;
}

const Revocation* RevocationList::find_id(std::string_view id) const {
    const Revocation* found = nullptr;
    each([&](const Revocation& entry) {
        if (id_of(entry) == id) found = &entry;
    });
    return found;
}

bool RevocationList::is_full() const {
    std::size_t entries = 0;
    std::size_t size = 0;
    each([&](const Revocation& entry) {
        if (entry.is_withdrawn) return;
        ++entries;
        size += write_entry(entry).size() + 1;
    });
    return entries >= kMaxEntries || size >= kMaxBytes;
}

void RevocationList::trim(std::int64_t now_ms) {
    std::size_t entries = users_.size() + tokens_.size();
    std::size_t size = write().size();
    const auto is_too_large = [&] { return entries > kMaxEntries || size > kMaxBytes; };
    if (!is_too_large()) return;
    std::vector<Revocation> withdrawn;
    each([&](const Revocation& entry) {
        if (entry.is_withdrawn && entry.changed_ms + kHeardMs < now_ms) withdrawn.push_back(entry);
    });
    std::sort(withdrawn.begin(), withdrawn.end(), [](const Revocation& one, const Revocation& other) {
        return std::tie(one.changed_ms, one.names, one.name) <
               std::tie(other.changed_ms, other.names, other.name);
    });
    for (const Revocation& entry : withdrawn) {
        if (!is_too_large()) return;
        map_of(entry.names).erase(entry.name);
        --entries;
        size -= write_entry(entry).size() + 1;
    }
}

std::size_t RevocationList::in_force() const {
    std::size_t count = 0;
    each([&](const Revocation& entry) { count += entry.is_withdrawn ? 0 : 1; });
    return count;
}

std::string RevocationList::write() const {
    std::string entries = "[";
    each([&](const Revocation& entry) { entries += (entries.size() > 1 ? "," : "") + write_entry(entry); });
    return streamhost::JsonObject().number("v", kFormat).json("entries", entries + ']').done();
}

std::optional<RevocationList> RevocationList::read(std::string_view text) {
    RevocationList out;
    std::int64_t format = 0;
    const bool is_read = each_member(text, [&](std::string_view name, const element& value) {
        if (name == "v") return read_number(value, format);
        if (name != "entries") return true;
        simdjson::dom::array list;
        if (value.get_array().get(list) != simdjson::SUCCESS) return false;
        for (const element& item : list) {
            Revocation entry;
            if (!read_entry(item, entry)) return false;
            (void)out.merge(entry);
        }
        return true;
    });
    if (!is_read || format != kFormat) return std::nullopt;
    return out;
}

}  // namespace auth
