#pragma once

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bridge/transport_hub.hpp"
#include "delivery/loop_delivery.hpp"
#include "net/loop_server.hpp"
#include "runtime/loop.hpp"

namespace streamhost::bridge {

struct DrainTick {};  ///< the tag of a loop's drain timer
struct Housekeeping {};

struct HttpAnswer;

/// One loop's connections and readers: brings what arrives to the plugins' handlers and flushes what is due
/// once per round. Everything [loop].
class LoopTransport final : public net::ConnectionEvents,
                            public runtime::RoundHook,
                            private runtime::TimerFor<LoopTransport, DrainTick>,
                            private runtime::TimerFor<LoopTransport, Housekeeping> {
public:
    LoopTransport(TransportHub& hub, std::uint32_t index);
    ~LoopTransport() override;
    LoopTransport(const LoopTransport&) = delete;
    LoopTransport& operator=(const LoopTransport&) = delete;

    [[nodiscard]] net::LoopServer& server() noexcept { return server_; }
    [[nodiscard]] delivery::LoopDelivery& readers() noexcept { return delivery_; }
    void apply(std::unique_ptr<delivery::LoopMessage> message) { delivery_.apply(std::move(message)); }

    sh_status send(net::ConnectionId id, bool binary, std::span<const sh_bytes> pieces);
    // Exchanges (loop_exchange.cpp); see abi/ext/exchange.h.
    sh_status answer(net::ConnectionId id, const HttpAnswer& answer);
    sh_status begin(net::ConnectionId id, std::span<const net::HttpField> fields);
    sh_status send_events(net::ConnectionId id, std::string_view text);
    void close(net::ConnectionId id, std::uint16_t code, std::string_view reason);
    void hold(net::ConnectionId id, bool on);
    void drain(std::uint32_t window_ms);
    /// The plugin behind the route is being stopped: its clients hear goaway and are closed with 1013, and it
    /// hears so while it still can. Before the loop passes the round that the life cycle waits for.
    void end_route(const ClientRoute& route, std::uint32_t window_ms);
    void set_limits(const TransportLimits& limits);
    [[nodiscard]] delivery::LoopStats stats() const;  ///< [any] as of the last round

    bool on_round_end() override;

private:
    friend runtime::TimerFor<LoopTransport, DrainTick>;
    friend runtime::TimerFor<LoopTransport, Housekeeping>;
    struct Client;
    struct Exchange;
    struct Ended;
    void on_timer(DrainTick);
    void on_timer(Housekeeping);

    net::Outbox& make_outbox(net::Connection& connection, const net::Endpoint& endpoint) override;
    void opened(net::Connection& connection, const net::Endpoint& endpoint, const net::HttpHead& head,
                std::string_view subprotocol) override;
    void message(net::Connection& connection, bool binary, std::span<const std::uint8_t> data) override;
    void closed(net::Connection& connection, std::uint16_t code, std::string_view reason) override;
    void writable(net::Connection& connection) override;
    void request(net::Connection& connection, const net::Endpoint& endpoint, const net::HttpHead& head,
                 std::string_view body) override;

    Client* find(net::ConnectionId id);
    delivery::Reader& open_reader(Client& client);
    sh_status queue(Client& client, std::span<const delivery::Piece> frame);
    void tell_later(Ended ended);
    void tell_ended();
    void tell_last(const Ended& ended);
    void flush(delivery::Reader& reader);
    struct Farewell {
        std::uint16_t code;
        std::string_view reason;
        std::uint32_t reconnect_after_ms;
    };
    void say_goodbye(net::ConnectionId id, const Farewell& farewell);
    void end_client(Client& client, net::ConnectionId id, std::uint32_t reconnect_after_ms);
    void tell_drain(const ClientRoute& route, void* context, net::ConnectionId id,
                    std::uint32_t reconnect_after_ms);
    [[nodiscard]] std::size_t due_to_leave() const;

    // loop_exchange.cpp
    void open_exchange(net::Connection& connection, const net::Endpoint& endpoint, const net::HttpHead& head,
                       std::string_view body);
    [[nodiscard]] net::HttpProblem why_no_exchange(const net::Endpoint& endpoint, const net::HttpHead& head,
                                                   bool wants_stream) const;
    [[nodiscard]] bool call_open(Client& client, const net::HttpHead& head, std::string_view body);
    void finish(std::unique_ptr<Client> client, net::ConnectionId id);
    void refuse_exchange(Client& client);
    void count_answer(const Client& client, std::uint32_t status);
    void measure_delivery();
    void publish_stats();

    TransportHub& hub_;
    std::uint32_t index_;
    runtime::Loop& loop_;
    delivery::ReaderOptions reader_options_;
    delivery::LoopDelivery delivery_;
    net::LoopServer server_;
    std::vector<Ended> ended_;                // whose plugin has not heard of it yet
    std::vector<net::ConnectionId> leaving_;  // still to be told that this node goes away
    std::size_t drain_clients_ = 0;           // when it began
    std::uint64_t drain_from_ms_ = 0;
    std::uint32_t drain_window_ms_ = 0;
    std::minstd_rand random_{std::random_device{}()};
    struct PublishedStats;
    std::unique_ptr<PublishedStats> published_;
};

}  // namespace streamhost::bridge
