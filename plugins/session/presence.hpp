// The problem: people who share a session want to see who is there, and a page that reloads, or goes to
// another node and back, must not look like somebody who leaves and comes.
//
// Each node says of its own connections alone, by entries of the session's stream: that the first one came,
// and that the last one is gone for `linger_ms`. Of a node that died the node that takes away its
// registration says it, which is exactly one. What was not written is tried again at each tick, until it is
// true no more.
//
// No I/O and no clock: events go in, next() says what to write. Bounded by the sessions of this node, and
// kMaxForeign of dead ones. Not thread-safe. [store]
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace session {

struct PresenceEntry {
    std::string session;
    std::string user;
    std::string node;
    bool is_online = false;
    std::string key;  // of the publish: a repeat writes nothing twice

    // Source: docs/protocol.md, entries of kind `presence`.
    [[nodiscard]] std::string json() const;
};

class Presence {
public:
    static constexpr std::size_t kWindow = 64;  // entries under way
    static constexpr std::size_t kMaxForeign = 10'000;

    // `incarnation`: of this process, so that its keys are no earlier one's.
    Presence(std::string node, std::string incarnation, std::int64_t linger_ms)
        : node_(std::move(node)), incarnation_(std::move(incarnation)), linger_ms_(linger_ms) {}

    void came(const std::string& session, const std::string& user);
    void went(const std::string& session, std::int64_t now_ms);
    // This node took the registration of a dead one away.
    void reaped(const std::string& session, const std::string& node, const std::string& user);
    // Another node took this one's away, and said that they are gone.
    void was_reaped(const std::string& session);
    // All are gone at once.
    void close();

    void tick(std::int64_t now_ms);
    [[nodiscard]] std::optional<PresenceEntry> next();
    void answered(const PresenceEntry& entry, bool is_written);
    [[nodiscard]] std::size_t unsettled() const noexcept { return due_.size() + in_flight_; }

private:
    enum class Said { kNothing, kPerhapsOnline, kOnline };
    struct Here {
        std::string user;
        std::uint64_t change = 0;  // names the entry that says it: tried again, it is written once
        Said said = Said::kNothing;
        bool is_here = true;
        bool is_queued = false;
        bool is_under_way = false;
        std::optional<std::int64_t> went_ms;  // for good, unless somebody comes within linger_ms
    };
    using Map = std::map<std::string, Here, std::less<>>;

    void want(Map::value_type& one);
    void change(Map::value_type& one);
    [[nodiscard]] std::string key_of(std::uint64_t change) const;
    static bool is_settled(const Here& here) {
        return here.said == (here.is_here ? Said::kOnline : Said::kNothing);
    }

    std::string node_;
    std::string incarnation_;
    std::int64_t linger_ms_;
    Map here_;
    std::deque<std::string> due_;
    std::deque<PresenceEntry> foreign_;  // to be said of dead nodes
    std::deque<PresenceEntry> late_;     // of these, what could not be written: with the next tick
    std::size_t in_flight_ = 0;
    std::uint64_t last_change_ = 0;
};

}  // namespace session
