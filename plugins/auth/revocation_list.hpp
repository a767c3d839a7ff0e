// The problem: a token that was stolen, or whose user was dismissed, is good until it ends, whoever looks at
// its signature. So nodes share a list of what counts no more, and the list must survive a store that was
// away, was wiped, or came back with an older copy.
//
// An entry names a user or a token (jti) and a time: what was issued before that has ended. Entries merge: of
// two that agree on being in force the later times hold, else the one that was changed last, so any number
// of nodes that exchange lists in any order come to the same one (a state-based CRDT: Shapiro et al. 2011). A
// withdrawn entry stays as such until its end, or an old copy would bring it back; unless the place is
// needed: then the one that was withdrawn first goes, on all nodes alike, and an old copy may revoke once
// more.
//
// Times are milliseconds since 1970 and passed in. One thread at a time; constant when shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace auth {

struct Revocation {
    enum class Names : std::uint8_t { kUser = 1, kToken };
    Names names = Names::kUser;
    std::string name;
    std::int64_t before_ms = 0;   // what was issued before then; what does not say is as old as can be
    std::int64_t end_ms = 0;      // no token that it names can be valid any more
    std::int64_t changed_ms = 0;  // rises with each change
    bool is_withdrawn = false;
    std::string reason;
    bool operator==(const Revocation&) const = default;
};

// By which operators name an entry: the same on all nodes, and for a repeat.
[[nodiscard]] std::string id_of(const Revocation& revocation);

class RevocationList {
public:
    static constexpr std::size_t kMaxEntries = 10'000;
    static constexpr std::size_t kMaxBytes = std::size_t{900} * 1024;  // below what a key of the store holds

    static constexpr std::int64_t kHeardMs = 10'000;

    enum class Change { kNone = 1, kMilder, kStricter };  // kStricter: what was good may not be any more

    Change merge(const Revocation& other);
    Change merge(const RevocationList& other);
    // Without those that ended; whether there were any.
    bool prune(std::int64_t now_ms);

    // Without the oldest withdrawn ones, as far as the list is larger than it may be. All nodes read the list
    // each second: one that was withdrawn just now stays, or those that did not hear of it would revoke
    // again.
    void trim(std::int64_t now_ms);

    [[nodiscard]] bool covers(std::string_view user, std::string_view token_id, std::int64_t issued_ms) const;
    [[nodiscard]] const Revocation* find(Revocation::Names names, std::string_view name) const;
    [[nodiscard]] const Revocation* find_id(std::string_view id) const;
    [[nodiscard]] bool is_full() const;  // of those in force: others make room
    [[nodiscard]] std::size_t in_force() const;
    template <typename Body>
    void each(Body&& body) const {
        for (const auto* map : {&users_, &tokens_})
            for (const auto& [name, entry] : *map)
                body(entry);
    }
    bool operator==(const RevocationList&) const = default;

    // As it stands in the store. Nothing: not a list that this version can read.
    [[nodiscard]] std::string write() const;
    [[nodiscard]] static std::optional<RevocationList> read(std::string_view text);

private:
    using Map = std::map<std::string, Revocation, std::less<>>;  // by name
    [[nodiscard]] Map& map_of(Revocation::Names names) {
        return names == Revocation::Names::kUser ? users_ : tokens_;
    }
    Map users_;
    Map tokens_;
};

}  // namespace auth
