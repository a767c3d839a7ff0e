#include "support/test_port.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "redis/command.hpp"
#include "support/loopback.hpp"

namespace streamhost::redis {

using store::Submit;

namespace {

constexpr std::size_t kPiece = 65536;

std::int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

LinkOptions options(std::string name) {
    LinkOptions made;
    made.client_name = std::move(name);
    return made;
}

}  // namespace

TestPort::TestPort(std::uint16_t server_port)
    : server_port_(server_port), calls_line_(options("calls")), live_line_(options("live")) {
    live_line_.link.on_push = [this](const RespValue& push) { on_push(push); };
}

TestPort::~TestPort() {
    close();
    ::close(calls_line_.socket);
    ::close(live_line_.socket);
}

void TestPort::connect(Line& line) {
    line.socket = connect_loopback(server_port_);
    if (line.socket < 0) throw std::runtime_error("no server");
    fcntl(line.socket, F_SETFL, O_NONBLOCK);
    line.link.open(now_ms());
}

void TestPort::start(PortEvents& events, std::vector<std::string> preamble) {
    events_ = &events;
    connect(calls_line_);
    connect(live_line_);
    const auto is_ready = [this] {
        return calls_line_.link.state() == LinkState::kReady && live_line_.link.state() == LinkState::kReady;
    };
    for (const std::int64_t deadline = now_ms() + 5000; !is_ready(); pump(100))
        if (now_ms() > deadline) throw std::runtime_error("the server does not greet");
    for (const std::string& command : preamble)
        if (!calls_line_.link.send(command, now_ms() + 5000, [](const LinkReply& reply) {
                if (reply.value.is(RespType::kError))
                    throw std::runtime_error("preamble: " + std::string(reply.value.text()));
            }))
            throw std::runtime_error("the preamble does not fit");
}

void TestPort::move_bytes(Line& line) {
    while (line.link.state() != LinkState::kClosed && !line.link.outgoing().empty()) {
        const auto bytes = line.link.outgoing();
        const ssize_t sent = ::send(line.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        line.link.sent(static_cast<std::size_t>(sent));
    }
    while (line.link.state() != LinkState::kClosed) {
        const ssize_t got = recv(line.socket, line.link.room(kPiece), kPiece, 0);
        if (got > 0) {
            line.link.received(static_cast<std::size_t>(got));
            continue;
        }
        if (got == 0) line.link.close(LinkEnd::kByPeer);
        break;
    }
}

void TestPort::pump(int wait_ms) {
    pollfd waits[2];
    Line* lines[2] = {&calls_line_, &live_line_};
    for (int i = 0; i < 2; ++i) {
        const bool is_open = lines[i]->link.state() != LinkState::kClosed;
        waits[i] = {is_open ? lines[i]->socket : -1, POLLIN, 0};
        if (is_open && !lines[i]->link.outgoing().empty()) waits[i].events |= POLLOUT;
    }
    const bool has_work = !lost_.empty() || (!is_told_ && live_line_.link.state() == LinkState::kReady);
    poll(waits, 2, has_work ? 0 : wait_ms);
    move_bytes(calls_line_);
    move_bytes(live_line_);
    calls_line_.link.tick(now_ms());
    live_line_.link.tick(now_ms());
    for (CallDone& done : std::exchange(lost_, {}))
        finish(done, {CallEnd::kUnavailable, {}});
    if (!is_closed_ && !is_told_ && live_line_.link.state() == LinkState::kReady) {
        is_told_ = true;
        events_->on_link(store::Link::kUp, 1);
    }
}

void TestPort::finish(CallDone& done, const CallReply& reply) {
    --in_flight_;
    done(reply);
}

Submit TestPort::call(std::string_view, std::string command, std::uint32_t timeout_ms, CallDone done) {
    if (is_closed_) return Submit::kGone;
    ++in_flight_;
    ++calls_;
    if (calls_line_.link.state() == LinkState::kClosed) {
        lost_.push_back(std::move(done));
        return Submit::kAccepted;
    }
    if (repeats_ && !calls_line_.link.send(command, now_ms() + timeout_ms, [](const LinkReply&) {}))
        throw std::runtime_error("a call that cannot be sent twice");
    const bool is_taken = calls_line_.link.send(
        command, now_ms() + timeout_ms, [this, done = std::move(done)](const LinkReply& reply) mutable {
            if (reply.answer == LinkAnswer::kReply) return finish(done, {CallEnd::kReply, reply.value});
            const CallEnd end = is_closed_                            ? CallEnd::kClosed
                                : reply.answer == LinkAnswer::kUnsent ? CallEnd::kUnavailable
                                                                      : CallEnd::kTimeout;
            finish(done, {end, {}});
        });
    if (is_taken) return Submit::kAccepted;
    --in_flight_;
    return Submit::kBusy;
}

Submit TestPort::listen(ListenTo kind, std::string_view name, std::uint32_t, CallDone done) {
    return ask(kind == ListenTo::kChannel ? "subscribe" : "psubscribe", name, std::move(done));
}

Submit TestPort::unlisten(ListenTo kind, std::string_view name, std::uint32_t, CallDone done) {
    return ask(kind == ListenTo::kChannel ? "unsubscribe" : "punsubscribe", name, std::move(done));
}

Submit TestPort::ask(std::string_view verb, std::string_view name, CallDone done) {
    if (is_closed_) return Submit::kGone;
    ++in_flight_;
    std::string command;
    write_command(command, verb, name);
    if (live_line_.link.send_unanswered(command))
        asked_.push_back({std::string(verb), std::string(name), std::move(done)});
    else
        lost_.push_back(std::move(done));
    return Submit::kAccepted;
}

void TestPort::on_push(const RespValue& push) {
    if (is_closed_) return;
    const std::string_view what = push[0].text();
    if (what == "message") return events_->on_message({}, push[1].text(), push[2].text());
    if (what == "pmessage") return events_->on_message(push[1].text(), push[2].text(), push[3].text());
    on_listening(what, push);
}

void TestPort::on_listening(std::string_view verb, const RespValue& push) {
    const std::string_view name = push[1].text();
    const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Listening& asked) {
        return asked.verb == verb && asked.name == name;
    });
    if (found == asked_.end()) return;
    CallDone done = std::move(found->done);
    asked_.erase(found);
    if (verb == "subscribe" || verb == "psubscribe")
        listening_.emplace(verb, name);
    else
        listening_.erase({std::string(verb.substr(0, verb.find("un"))) + "subscribe", std::string(name)});
    finish(done, {CallEnd::kReply, push});
}

void TestPort::close() {
    if (std::exchange(is_closed_, true)) return;
    calls_line_.link.close(LinkEnd::kByUs);
    live_line_.link.close(LinkEnd::kByUs);
    for (Listening& asked : std::exchange(asked_, {}))
        finish(asked.done, {CallEnd::kClosed, {}});
    for (CallDone& done : std::exchange(lost_, {}))
        finish(done, {CallEnd::kClosed, {}});
    listening_.clear();
}

}  // namespace streamhost::redis
