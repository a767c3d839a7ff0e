// The keys that count now. One per id; an id says which key a token means, since a rotation has several at
// once. Immutable. [any]
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "key.hpp"
#include "verdict.hpp"

namespace auth {

inline constexpr std::size_t kMaxKeys = 64;

// What identities are told apart by when a key goes: its id. Another key under an id that was used gets a
// mark of its own (id#2), or identities of the former would pass for those of the new one. [control]
class KeyMarks {
public:
    [[nodiscard]] std::string mark_of(const Key& key);

private:
    std::map<std::string, std::vector<Digest>, std::less<>> used_;
};

struct MarkedKey {
    KeyPtr key;
    std::string mark;
};

class KeyRing {
public:
    KeyRing() = default;
    // Throws Failure(SH_INVALID) when an id comes twice, or there are more than 64 keys.
    KeyRing(const std::vector<KeyPtr>& keys, KeyMarks& marks);

    // The key that a token means: by its id, or without one the only key of its algorithm. NULL: `why` is
    // kKey, or kAlgorithm when the key is of another one.
    [[nodiscard]] const MarkedKey* find(const Token& token, Verdict& why) const;
    [[nodiscard]] const MarkedKey* find(std::string_view id) const;
    [[nodiscard]] bool has_mark(std::string_view mark) const;
    // Whether a key of this one is not in `next`.
    [[nodiscard]] bool loses_to(const KeyRing& next) const;
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

private:
    std::map<std::string, MarkedKey, std::less<>> keys_;  // by id
};

}  // namespace auth
