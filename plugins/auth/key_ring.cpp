#include "key_ring.hpp"

#include <algorithm>

#include "streamhost/status.hpp"

namespace auth {

std::string KeyMarks::mark_of(const Key& key) {
    auto& used = used_[key.id()];
    auto found = std::find(used.begin(), used.end(), key.fingerprint());
    if (found == used.end()) found = used.insert(used.end(), key.fingerprint());
    const auto number = found - used.begin() + 1;
    // An id may hold a # itself: then the mark always ends in a number, and is no other key's.
    const bool is_plain = number == 1 && key.id().find('#') == std::string::npos;
    return is_plain ? key.id() : key.id() + '#' + std::to_string(number);
}

KeyRing::KeyRing(const std::vector<KeyPtr>& keys, KeyMarks& marks) {
    if (keys.size() > kMaxKeys) throw streamhost::Failure(SH_INVALID, "there are more than 64 keys");
    for (const KeyPtr& key : keys)
        if (!keys_.try_emplace(key->id(), MarkedKey{key, {}}).second)
            throw streamhost::Failure(SH_INVALID, "two keys have the id " + key->id());
    for (auto& [id, marked] : keys_)
        marked.mark = marks.mark_of(*marked.key);
}

const MarkedKey* KeyRing::find(std::string_view id) const {
    const auto found = keys_.find(id);
    return found == keys_.end() ? nullptr : &found->second;
}

const MarkedKey* KeyRing::find(const Token& token, Verdict& why) const {
    why = Verdict::kKey;
    if (token.key_id) {
        const MarkedKey* named = find(*token.key_id);
        if (named == nullptr || named->key->algorithm() == token.algorithm) return named;
        why = Verdict::kAlgorithm;
        return nullptr;
    }
    const MarkedKey* only = nullptr;
    for (const auto& [id, marked] : keys_) {
        if (marked.key->algorithm() != token.algorithm) continue;
        if (only != nullptr) return nullptr;
        only = &marked;
    }
    return only;
}

bool KeyRing::has_mark(std::string_view mark) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [mark](const auto& entry) { return entry.second.mark == mark; });
}

bool KeyRing::loses_to(const KeyRing& next) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [&next](const auto& entry) { return !next.has_mark(entry.second.mark); });
}

}  // namespace auth
