#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/port.hpp"

namespace streamhost::redis {

// Keeps the calls; the test answers them.
class HeldPort final : public Port {
public:
    struct Held {
        std::string order;
        std::string command;
        std::uint32_t timeout_ms = 0;
        CallDone done;
        bool is_once = false;
    };

    void start(PortEvents& heard, std::vector<std::string>) override { events = &heard; }
    store::Submit call(std::string_view order, std::string command, std::uint32_t timeout_ms,
                       CallDone done) override {
        if (next == store::Submit::kAccepted)
            held.push_back({std::string(order), std::move(command), timeout_ms, std::move(done)});
        return next;
    }
    store::Submit call_once(std::string_view order, std::string command, std::uint32_t timeout_ms,
                            CallDone done) override {
        const store::Submit submit = call(order, std::move(command), timeout_ms, std::move(done));
        if (submit == store::Submit::kAccepted) held.back().is_once = true;
        return submit;
    }
    store::Submit listen(ListenTo, std::string_view, std::uint32_t, CallDone) override {
        return store::Submit::kGone;
    }
    store::Submit unlisten(ListenTo, std::string_view, std::uint32_t, CallDone) override {
        return store::Submit::kGone;
    }
    void close() override {
        while (!held.empty())
            end(CallEnd::kClosed);
    }
    std::uint64_t in_flight() const noexcept override { return held.size(); }
    std::uint64_t subscriptions() const noexcept override { return 0; }

    // Ends the oldest call.
    void end(CallEnd end, std::string_view reply = {}) {
        Held call = std::move(held.front());
        held.erase(held.begin());
        RespReader reader;
        reader.feed(reply);
        CallReply answer{end, {}};
        if (reader.next()) answer.value = reader.value();
        call.done(answer);
    }
    void reply(std::string_view text) { end(CallEnd::kReply, std::string(text) + "\r\n"); }

    PortEvents* events = nullptr;
    std::vector<Held> held;
    store::Submit next = store::Submit::kAccepted;
};

}  // namespace streamhost::redis
