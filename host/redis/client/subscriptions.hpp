#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/port.hpp"

namespace streamhost::redis {

struct SubscriptionOptions {
    std::size_t max_names = 100'000;
    std::size_t names_per_command = 500;
};

// The problem: the subscriptions that are wanted, those that the server has and those on the way are three
// different sets while names come and go and connections end, and a caller must hear "yes" only when the
// server has said so on the connection that lives.
//
// At most one command per name is on the way; what was asked for meanwhile follows its acknowledgement. A new
// connection starts with all wanted names; is_settled() says when the server has acknowledged each of them.
// No I/O, no clock.
class Subscriptions {
public:
    struct Ended {
        CallDone done;
        CallEnd end = CallEnd::kReply;
    };

    explicit Subscriptions(SubscriptionOptions options) : options_(options) {}

    // False: at the limit.
    [[nodiscard]] bool listen(ListenTo kind, std::string_view name, std::int64_t deadline_ms, CallDone done);
    [[nodiscard]] bool unlisten(ListenTo kind, std::string_view name, std::int64_t deadline_ms,
                                CallDone done);

    // A new connection has none of them.
    void connected();
    void disconnected();
    // Commands (RESP) that bring the server nearer to what is wanted; empty when there is nothing to say.
    [[nodiscard]] std::vector<std::string> take_commands();
    // The server has, or has no more, this name.
    void acknowledged(ListenTo kind, std::string_view name, bool is_subscribed);
    // Every name that was wanted at connected() is there.
    [[nodiscard]] bool is_settled() const noexcept { return is_connected_ && unsettled_ == 0; }

    // Calls that have ended since the last time.
    [[nodiscard]] std::vector<Ended> take_ended() { return std::exchange(ended_, {}); }
    void expire(std::int64_t now_ms);
    [[nodiscard]] std::vector<Ended> take_all();

    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
    // Calls without an answer.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_ + ended_.size(); }

private:
    using Key = std::pair<ListenTo, std::string>;
    struct Wait {
        std::int64_t deadline_ms = 0;
        bool is_listen = false;
        CallDone done;
    };
    struct Name {
        bool is_wanted = false;
        bool is_there = false;     // on the server
        bool is_underway = false;  // a command about it
        bool is_unsettled = false;
        std::vector<Wait> waits;
    };
    using Names = std::map<Key, Name>;

    void want(Names::iterator at, bool is_wanted, std::int64_t deadline_ms, CallDone done);
    void answer(Name& name, bool is_listen);
    void review(Names::iterator at);

    SubscriptionOptions options_;
    Names names_;
    std::vector<Key> changed_;  // a command may be due
    std::vector<Ended> ended_;
    bool is_connected_ = false;
    std::size_t unsettled_ = 0;
    std::size_t waiting_ = 0;
    std::int64_t earliest_ms_ = INT64_MAX;
};

}  // namespace streamhost::redis
