#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/link.hpp"
#include "redis/port.hpp"

namespace streamhost::redis {

// The port as tests of the driver need it: two connections to one server, driven by whoever calls pump(), no
// loop and no second try. A connection that ends stays ended: its calls answer kTimeout or kUnavailable.
class TestPort final : public Port {
public:
    explicit TestPort(std::uint16_t server_port);
    ~TestPort() override;

    // Moves bytes for at most `wait_ms`, less if something came.
    void pump(int wait_ms);

    void start(PortEvents& events, std::vector<std::string> preamble) override;
    store::Submit call(std::string_view order, std::string command, std::uint32_t timeout_ms,
                       CallDone done) override;
    store::Submit call_once(std::string_view order, std::string command, std::uint32_t timeout_ms,
                            CallDone done) override {
        return call(order, std::move(command), timeout_ms, std::move(done));
    }
    store::Submit listen(ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                         CallDone done) override;
    store::Submit unlisten(ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                           CallDone done) override;
    void close() override;
    std::uint64_t in_flight() const noexcept override { return in_flight_; }
    std::uint64_t subscriptions() const noexcept override { return listening_.size(); }

    // From now on every call is sent twice and answered with its second answer, as after a lost connection.
    void repeat_calls() noexcept { repeats_ = true; }
    // The connection of the subscriptions ends and stays so.
    void cut_live_line() { live_line_.link.close(LinkEnd::kByPeer); }

    // The driver hears that the link was away. No connection ends.
    void flap() {
        events_->on_link(store::Link::kDown, 1);
        events_->on_link(store::Link::kUp, 2);
    }

    // Calls that reached the server so far.
    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }

private:
    struct Line {
        explicit Line(LinkOptions options) : link(std::move(options)) {}
        Link link;
        int socket = -1;
    };
    struct Listening {
        std::string verb;  // of the answer: "subscribe" and its kin
        std::string name;
        CallDone done;
    };

    void connect(Line& line);
    static void move_bytes(Line& line);
    store::Submit ask(std::string_view verb, std::string_view name, CallDone done);
    void on_push(const RespValue& push);
    void on_listening(std::string_view verb, const RespValue& push);
    void finish(CallDone& done, const CallReply& reply);

    std::uint16_t server_port_;
    Line calls_line_;
    Line live_line_;
    PortEvents* events_ = nullptr;
    bool is_closed_ = false;
    bool is_told_ = false;  // that the link is up
    bool repeats_ = false;
    std::uint64_t in_flight_ = 0;
    std::uint64_t calls_ = 0;
    std::deque<Listening> asked_;
    std::deque<CallDone> lost_;  // calls on a connection that has ended
    std::set<std::pair<std::string, std::string>, std::less<>> listening_;
};

}  // namespace streamhost::redis
