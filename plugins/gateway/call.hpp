// One HTTP request's side of the protocol: who asks, whether they may, what is answered. A stream of events
// stays, and is then one reader's. Runs on the connection's loop; every call to a service answers there
// later.
//
// Before an answer comes the client may be gone: closures carry the call's number and look it up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "streamhost/exchange.hpp"

#include "call_text.hpp"
#include "door.hpp"
#include "errors.hpp"
#include "identity.hpp"
#include "request.hpp"

namespace gateway {

class Call {
public:
    // `wants_stream`: its address counts as entered (sh_ratelimit) by that instance.
    struct Asked {
        CallText text;
        std::string address;
        std::string token;
        bool wants_stream = false;
        std::uint64_t address_counted_by = 0;
    };
    Call(LoopClients& loop, streamhost::Exchange exchange, Asked asked);
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call();

    // Answers, now or later.
    void begin();
    void fail(const Error& error) const { fail(0, error); }

    // Of a stream that has begun; as of a Client.
    void drain(std::uint32_t reconnect_after_ms) const;
    void token_has_expired() const;
    void look_at_identity() const;
    void nobody_can_judge() const;
    void enter_again();

private:
    // What it takes to be let in.
    struct Need {
        std::string_view stream;
        streamhost::Verb verb = streamhost::Verb::kRead;
        bool only_looks = false;  // claims nothing
    };
    [[nodiscard]] Need need(const Request& request) const;

    void identified(const sh_result& result);
    void refused(const sh_result& result);
    void check();
    void check_owner(const Need& need);
    [[nodiscard]] bool within_limits(const Request& request) const;
    void perform();
    void run(const Refused& refused) const;
    void run(const Send& send);
    void run(const Cancel& cancel);
    void run(const History& history);
    void run(const Append& append);
    void run(const Claim& claim);
    void run(const Renew& renew);
    void run(const Subscribe& subscribe);
    template <typename Other>  // no HTTP request is one
    void run(const Other&) const {
        fail({.code = "internal", .message = "a fault of the server, logged there"});
    }

    // call_session.cpp
    struct SessionLook;
    void show_session();
    void ask_of_session(const std::shared_ptr<SessionLook>& look);
    void heard_of_session(SessionLook& look);

    // call_stream.cpp
    struct Place {
        std::string stream;
        std::uint32_t from = 0;
        sh_position after{};
    };
    void read(const Place& place);
    void tell_read(const Place& place, const sh_result& result) const;
    void look_at(const Place& place, const sh_result& tail);
    void begin_stream(const Place& place);
    void stands(const sh_result& result) const;
    void end_stream(const Error& error, std::uint32_t code) const;
    [[nodiscard]] Error unknown(const Place& place) const;

    void answer(std::uint32_t status, std::string body) const;
    void fail(std::uint32_t status, const Error& error) const;
    // What make(result) says, or why `what` could not do it.
    template <typename Make>
    Answer reply(std::uint32_t status, std::string_view what, Make make) {
        return later([status, what, say = std::move(make)](Call& call, const sh_result& result) {
            if (result.status != SH_OK) return call.fail(error_of(result, what));
            call.answer(status, say(result));
        });
    }
    // Wraps body(call, result): counts it as pending, and finds the call again when the answer comes.
    template <typename Body>
    Answer later(Body body) {
        door().pending.fetch_add(1, std::memory_order_relaxed);
        return [&loop = loop_, number = number_, work = std::move(body)](const sh_result& result) mutable {
            loop.door.pending.fetch_sub(1, std::memory_order_relaxed);
            if (Call* call = loop.find_call(number)) work(*call, result);
        };
    }

    [[nodiscard]] Door& door() const { return loop_.door; }
    [[nodiscard]] sh_target target() const { return exchange_.loop(); }

    LoopClients& loop_;
    streamhost::Exchange exchange_;
    Asked asked_;
    std::uint64_t number_;
    std::shared_ptr<const Identity> identity_ = anonymous();
    bool is_streaming_ = false;
    std::optional<std::uint64_t> user_counted_by_;
};

}  // namespace gateway
