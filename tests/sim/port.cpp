#include "sim/port.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "redis/resp.hpp"
#include "sim/wire.hpp"

namespace streamhost::sim {

using redis::CallEnd;
using store::Submit;

namespace {

constexpr std::int64_t kPollMs = 1'500;  // the Sentinels, and whether the master still answers
constexpr std::int64_t kWatchMs = 250;   // deadlines

}  // namespace

SimPort::SimPort(Events& events, Random& random, Cluster& cluster, std::size_t node, OnNode on_node)
    : events_(events),
      random_(random),
      cluster_(cluster),
      node_(node),
      on_node_(std::move(on_node)),
      breaker_(redis::BreakerOptions(), events.now_ms()) {
    cluster_.attach(node, this);
}

void SimPort::start(redis::PortEvents& events, std::vector<std::string>) {
    heard_ = &events;
    poll();
}

void SimPort::poll() {
    if (is_connected_) breaker_.heard(now());
    seek();
    later(kPollMs + random_.between(0, 750), [this] { poll(); });
}

void SimPort::seek() {
    if (resolver_.is_open()) return;
    resolver_.ask(kSentinels, now());
    cluster_.ask_sentinels(node_, [this](const std::vector<redis::SentinelAnswer>& answers) {
        for (std::size_t i = 0; i < answers.size(); ++i)
            resolver_.answer(i, answers[i]);
        if (const auto verdict = resolver_.take_verdict(now())) found(*verdict);
    });
}

// As Core::on_found: a master that answers is not left for a minority's word that is no newer.
void SimPort::found(const redis::Verdict& verdict) {
    if (verdict.kind != redis::Verdict::Kind::kMaster) return is_connected_ ? void() : failed();
    const bool is_other = target_ && target_->master != verdict.master;
    const bool is_doubtful =
        is_connected_ && verdict.config_epoch <= resolver_.epoch() && verdict.votes * 2 <= verdict.answers;
    if (is_other && is_doubtful) return;
    if (is_other && is_connected_) {
        cluster_.disconnect(node_);
        lost();
    }
    target_ = verdict;
    if (is_connected_) return resolver_.confirm(verdict);
    connect(verdict);
}

void SimPort::connect(const redis::Verdict& verdict) {
    if (breaker_.state() == redis::BreakerState::kOpen && now() < breaker_.probe_at_ms()) return try_again();
    if (std::exchange(is_connecting_, true)) return;
    breaker_.tried();
    cluster_.connect(node_, verdict.master, [this, verdict](bool is_master) {
        is_connecting_ = false;
        if (is_master) return connected(verdict);
        resolver_.reject(verdict);
        failed();
    });
}

void SimPort::connected(const redis::Verdict& verdict) {
    is_connected_ = true;
    resolver_.confirm(verdict);
    breaker_.heard(now());
    backoff_.reset();
    flush();
    if (channels_.empty()) return link_up();
    cluster_.subscribe(node_, [this] { link_up(); });
}

void SimPort::link_up() {
    if (std::exchange(is_up_, true)) return;
    heard_->on_link(store::Link::kUp, ++epoch_);
}

void SimPort::lost() {
    is_connected_ = false;
    queue_.disconnected();
    for (const std::uint64_t id : std::exchange(sent_, {}))
        queue_.lost(id, true);
    for (const auto& done : std::exchange(listening_, {}))
        if (*done) refuse(std::move(*done));
    if (std::exchange(is_up_, false)) heard_->on_link(store::Link::kDown, epoch_);
}

void SimPort::disconnected() {
    lost();
    try_again();
}

void SimPort::channel_lost() {
    if (!is_connected_) return;
    if (std::exchange(is_up_, false)) heard_->on_link(store::Link::kDown, epoch_);
    cluster_.subscribe(node_, [this] { link_up(); });
}

// As Core::fail_round: behind Sentinels attempts fail until they have chosen, so only time opens the breaker.
void SimPort::failed() {
    if (!breaker_.is_closed()) breaker_.failed(now(), chance());
    try_again();
}

void SimPort::try_again() {
    if (std::exchange(is_waiting_, true)) return;
    std::int64_t at_ms = now() + backoff_.next_ms(chance());
    if (!breaker_.is_closed()) at_ms = std::max(at_ms, breaker_.probe_at_ms());
    later(at_ms - now(), [this] {
        is_waiting_ = false;
        if (!is_connected_) seek();
    });
}

Submit SimPort::call(std::string_view order, std::string command, std::uint32_t timeout_ms,
                     redis::CallDone done) {
    return push(order, std::move(command), timeout_ms, std::move(done), redis::CallQueue::Repeat::kAllowed);
}

Submit SimPort::call_once(std::string_view order, std::string command, std::uint32_t timeout_ms,
                          redis::CallDone done) {
    return push(order, std::move(command), timeout_ms, std::move(done), redis::CallQueue::Repeat::kForbidden);
}

Submit SimPort::push(std::string_view order, std::string command, std::uint32_t timeout_ms,
                     redis::CallDone done, redis::CallQueue::Repeat repeat) {
    if (!breaker_.is_closed() || (!forgotten_.empty() && is_forgotten(command))) {
        refuse(std::move(done));
        return Submit::kAccepted;
    }
    if (!queue_.push(std::hash<std::string_view>()(order), std::move(command), now() + timeout_ms,
                     std::move(done), repeat))
        return Submit::kBusy;
    if (!is_connected_) queue_.disconnected();
    flush();
    watch();
    return Submit::kAccepted;
}

void SimPort::refuse(redis::CallDone done) {
    const auto shared = std::make_shared<redis::CallDone>(std::move(done));
    later(0, [shared] { (*shared)({CallEnd::kUnavailable, {}}); });
}

bool SimPort::is_forgotten(std::string_view command) const {
    const Command asked = command_of(command);
    const bool is_text = asked.kind == Command::Kind::kClaim || asked.kind == Command::Kind::kAppend;
    return is_text && forgotten_.contains(asked.stream);
}

void SimPort::flush() {
    while (is_connected_) {
        const auto next = queue_.next(now());
        if (!next) return;
        const auto command = std::make_shared<const Command>(command_of(next->command));
        const std::uint64_t id = next->id;
        queue_.sent(id);
        sent_.push_back(id);
        cluster_.call(node_, command,
                      [this, id, command](const Reply& reply) { answer(id, *command, reply); });
    }
}

void SimPort::answer(std::uint64_t id, const Command& command, const Reply& reply) {
    std::erase(sent_, id);
    breaker_.heard(now());
    if (reply.is_refused) return refused(id);
    refusals_.reset();
    redis::RespReader reader;
    reader.feed(resp_of(command, reply));
    if (redis::CallDone done = queue_.answered(id); reader.next() && done)
        done({CallEnd::kReply, reader.value()});
}

// As DataSlot::hold.
void SimPort::refused(std::uint64_t id) {
    if (now() >= held_until_ms_) held_until_ms_ = now() + 1 + refusals_.next_ms(chance());
    if (redis::CallDone done = queue_.refused(id, held_until_ms_)) {
        redis::RespReader reader;
        reader.feed("-NOREPLICAS Not enough good replicas to write.\r\n");
        if (reader.next()) done({CallEnd::kReply, reader.value()});
    }
    later(held_until_ms_ - now(), [this] { flush(); });
}

// Deadlines, and the breaker, as long as anybody waits.
void SimPort::watch() {
    if (queue_.size() == 0 || std::exchange(is_watching_, true)) return;
    later(kWatchMs, [this] {
        is_watching_ = false;
        breaker_.tick(now(), chance());
        if (!breaker_.is_closed()) end(queue_.take_unsent());
        end(queue_.expire(now()));
        watch();
    });
}

void SimPort::end(std::vector<redis::CallQueue::Ended> ended) {
    for (auto& call : ended)
        call.done({call.end, {}});
}

Submit SimPort::listen(redis::ListenTo, std::string_view name, std::uint32_t, redis::CallDone done) {
    if (!is_connected_) {
        refuse(std::move(done));
        return Submit::kAccepted;
    }
    channels_.emplace(name);
    const auto shared = std::make_shared<redis::CallDone>(std::move(done));
    listening_.push_back(shared);
    cluster_.subscribe(node_, [this, shared] {
        std::erase(listening_, shared);
        if (*shared) (*shared)({CallEnd::kReply, {}});
    });
    return Submit::kAccepted;
}

Submit SimPort::unlisten(redis::ListenTo, std::string_view, std::uint32_t, redis::CallDone) {
    return Submit::kGone;  // nobody here leaves a channel
}

// The process ends: nobody is told.
void SimPort::close() {
    cluster_.disconnect(node_);
    cluster_.attach(node_, nullptr);
}

void SimPort::live(const Batch& batch) {
    const std::string channel = channel_of(batch->stream);
    if (channels_.contains(channel)) heard_->on_message({}, channel, batch->message);
}

}  // namespace streamhost::sim
