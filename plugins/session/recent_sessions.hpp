// The problem: a page that reloads leaves its session and comes back a second later. When the store is away
// just then, nobody can be asked whose the session is, though this node knew a second ago.
//
// Sessions that nobody here is in any more, and whose they were: for kKeptMs, and the last kMax of them. No
// I/O and no clock. Not thread-safe. [store]
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace session {

class RecentSessions {
public:
    static constexpr std::int64_t kKeptMs = 60'000;
    static constexpr std::size_t kMax = 65'536;  // some 20 MiB with long ids; the oldest is forgotten first

    struct Left {
        std::string session;
        std::string user;
        std::int64_t created_ms = 0;  // of the session, wall clock
        std::int64_t gone_ms = 0;
    };

    RecentSessions() = default;
    RecentSessions(const RecentSessions&) = delete;  // places_ points into order_
    RecentSessions& operator=(const RecentSessions&) = delete;

    // Times do not go back.
    void note(Left left);
    void forget(std::string_view session);
    void expire(std::int64_t now_ms);
    // nullptr: not known, or too long ago.
    [[nodiscard]] const Left* find(std::string_view session, std::int64_t now_ms) const;
    // Empty: not known. However long ago.
    [[nodiscard]] std::string_view user_of(std::string_view session) const;
    [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

private:
    using Order = std::list<Left>;  // the oldest first
    Order order_;
    std::unordered_map<std::string_view, Order::iterator> places_;
};

}  // namespace session
