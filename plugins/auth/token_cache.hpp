// Tokens that were found good, by their SHA-256, so that a client that comes back is answered at once. Good
// ones only: what is refused is made up by anybody, in any number.
//
// An entry counts for the revision it was found good at and until its token ends. The least recently asked
// for leaves first. [any]
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>

#include "identity.hpp"
#include "key.hpp"

namespace auth {

class TokenCache {
public:
    explicit TokenCache(std::size_t max_entries) : max_entries_(max_entries) {}
    TokenCache(const TokenCache&) = delete;
    TokenCache& operator=(const TokenCache&) = delete;

    [[nodiscard]] IdentityPtr find(const Digest& token, std::uint64_t revision, std::int64_t now_ms);
    void put(const Digest& token, IdentityPtr identity, std::uint64_t revision);
    [[nodiscard]] std::size_t size() const;

private:
    struct Entry {
        Digest token;
        IdentityPtr identity;
        std::uint64_t revision;
    };
    using Entries = std::list<Entry>;
    void drop(Entries::iterator entry);  // with mutex_

    const std::size_t max_entries_;
    mutable std::mutex mutex_;
    Entries entries_;  // newest first; guarded by mutex_
    std::map<Digest, Entries::iterator> by_token_;
};

}  // namespace auth
