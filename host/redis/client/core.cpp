#include "redis/client/core.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace streamhost::redis {

Client::Core::Core(runtime::Loop& loop, ClientOptions options, Report report)
    : loop_(loop),
      options_(std::move(options)),
      tls_(options_.server.tls ? std::optional<TlsContext>(*options_.server.tls) : std::nullopt),
      reporter_(options_.role, std::move(report)),
      breaker_(options_.breaker, now()),
      backoff_(options_.backoff),
      finder_(loop, options_, *this),
      live_(loop, connection_options(), *this, options_.subscriptions) {
    for (std::uint32_t index = 0; index < std::max(options_.connections, 1U); ++index)
        data_.push_back(
            std::make_unique<DataSlot>(loop, connection_options(), *this, options_.calls, preamble_));
    publish();
}

Client::Core::~Core() {
    close();
    *self_ = nullptr;
}

ConnectionOptions Client::Core::connection_options() const {
    ConnectionOptions connection;
    connection.link.username = options_.server.username;
    connection.link.password = options_.server.password;
    connection.link.database = options_.server.database;
    connection.link.client_name = options_.client_name;
    connection.link.greeting_ms = options_.greeting_ms;
    // Calls whose caller has given up still await their answer on the wire.
    connection.link.max_commands = options_.calls.max_calls * 2;
    connection.link.max_bytes = options_.calls.max_bytes * 2;
    connection.connect_ms = options_.connect_ms;
    connection.answer_ms = options_.answer_ms;
    connection.whole_ms = options_.whole_ms;
    connection.ping_ms = options_.ping_ms;
    connection.tls = tls_ ? &*tls_ : nullptr;
    return connection;
}

void Client::Core::start(PortEvents& events, std::vector<std::string> preamble) {
    events_ = &events;
    preamble_ = std::move(preamble);
    live_.listen_with(events);
    breaker_.heard(now());
    retry_at_ms_ = now();
    loop_.arm(*this, 0);
}

store::Submit Client::Core::call(std::string_view order, std::string command, std::uint32_t timeout_ms,
                                 CallDone done, CallQueue::Repeat repeat) {
    if (is_closed_) return store::Submit::kGone;
    on_due();
    if (!breaker_.is_closed()) {
        ++refused_;
        if (deferred_.size() >= kMostDeferred) return store::Submit::kBusy;
        deferred_.push_back(std::move(done));
        return store::Submit::kAccepted;
    }
    const std::uint64_t hash = std::hash<std::string_view>()(order);
    const bool has_room = data_[hash % data_.size()]->push(hash, std::move(command), now() + timeout_ms,
                                                           std::move(done), repeat);
    return has_room ? store::Submit::kAccepted : store::Submit::kBusy;
}

store::Submit Client::Core::listen(ListenTo kind, std::string_view name, std::uint32_t timeout_ms,
                                   CallDone done, bool is_wanted) {
    if (is_closed_) return store::Submit::kGone;
    on_due();
    Subscriptions& all = live_.subscriptions();
    const bool has_room = is_wanted ? all.listen(kind, name, now() + timeout_ms, std::move(done))
                                    : all.unlisten(kind, name, now() + timeout_ms, std::move(done));
    return has_room ? store::Submit::kAccepted : store::Submit::kBusy;
}

void Client::Core::close() {
    if (std::exchange(is_closed_, true)) return;
    cancel();
    finder_.close();
    each_slot([](Slot& slot) { slot.close(LinkEnd::kByUs, "closed"); });
    for (const auto& slot : data_)
        slot->end_all();
    for (Subscriptions::Ended& call : live_.subscriptions().take_all())
        call.done({call.end, {}});
    for (CallDone& done : std::exchange(deferred_, {}))
        done({CallEnd::kClosed, {}});
    is_up_ = false;
    publish();
}

std::uint64_t Client::Core::in_flight() const noexcept {
    std::uint64_t sum = live_.subscriptions().waiting() + deferred_.size();
    for (const auto& slot : data_)
        sum += slot->in_flight();
    return sum;
}

std::uint32_t Client::Core::ready() const noexcept {
    return static_cast<std::uint32_t>(
        std::count_if(data_.begin(), data_.end(), [](const auto& slot) { return slot->is_ready(); }));
}

void Client::Core::on_due() {
    if (std::exchange(is_due_, true)) return;
    loop_.after_round([weak = std::weak_ptr<Core*>(self_)] {
        const auto self = weak.lock();
        if (self && *self != nullptr) (*self)->flush();
    });
}

void Client::Core::flush() {
    is_due_ = false;
    buried_.clear();
    end_deferred();
    each_slot([](Slot& slot) { slot.flush(); });
    if (!is_closed_) live_.answer();
}

void Client::Core::end_deferred() {
    for (CallDone& done : std::exchange(deferred_, {}))
        done({CallEnd::kUnavailable, {}});
}

void Client::Core::bury(std::unique_ptr<Connection> connection) {
    buried_.push_back(std::move(connection));
    on_due();
}

void Client::Core::on_timer(Tick) {
    loop_.arm(*this, kTickMs);
    finder_.tick(now(), random(), ready() == 0);
    each_slot([this](Slot& slot) { slot.tick(now()); });
    if (is_closed_) return;
    watch_breaker(now());
    watch_refusals(now());
    watch_server(now());
    plan_round(now());
    publish();
}

void Client::Core::watch_server(std::int64_t now_ms) {
    Slot& slot = *data_.front();
    if (!slot.is_ready()) server_due_ms_ = 0;  // the next server is asked at once
    if (!slot.is_ready() || now_ms < server_due_ms_) return;
    server_due_ms_ = now_ms + kServerMs;
    slot.ask_server();
}

void Client::Core::publish() {
    ClientStats stats;
    stats.role = options_.role;
    stats.is_up = is_up_ && ready() > 0;
    if (!stats.is_up) stats.trouble = trouble_;
    stats.breaker = breaker_.state();
    stats.breaker_openings = breaker_.openings();
    if (target_) stats.master = to_text(target_->address);
    if (const std::string refusal = refusals_.text(); stats.is_up && !refusal.empty())
        stats.refusal = stats.master + ": " + refusal;
    stats.version = data_.front()->version();
    stats.run_id = identity_.run_id;
    stats.replid = identity_.replid;
    stats.config_epoch = finder_.config_epoch();
    stats.link_epoch = epoch_;
    stats.ready = ready();
    stats.reconnects_by = reconnects_by_;
    stats.reconnects = std::accumulate(reconnects_by_.begin(), reconnects_by_.end(), std::uint64_t{0});
    stats.live_reconnects = live_reconnects_;
    stats.switches = switches_;
    stats.replaced = replaced_;
    stats.calls = refused_;
    stats.unavailable = refused_;
    for (const auto& slot : data_) {
        stats.connecting += slot->is_ready() || slot->is_down() ? 0 : 1;
        stats.down += slot->is_down() ? 1 : 0;
        stats.calls += slot->figures().calls;
        stats.repeats += slot->figures().repeats;
        stats.timeouts += slot->figures().timeouts;
        stats.unavailable += slot->figures().unavailable;
    }
    const ServerState& server = data_.front()->server();
    stats.memory_used_bytes = server.used_bytes;
    stats.memory_max_bytes = server.max_bytes;
    stats.replicas = server.replicas;
    stats.in_flight = in_flight();
    stats.subscriptions = subscriptions();
    board_.write(std::move(stats));
}

}  // namespace streamhost::redis
