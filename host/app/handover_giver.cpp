#include "app/handover_giver.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace streamhost::app {

namespace {

using Kind = HandoverWord::Kind;
using net::DescriptorLink;

constexpr std::uint64_t kAskMs = 5'000;
constexpr std::uint64_t kStartMs = 120'000;    // for its plugins to start
constexpr std::uint64_t kAcceptAgainMs = 100;  // no descriptor or no memory is free

std::optional<HandoverWord> word_of(const DescriptorLink::Packet& packet) {
    return packet.descriptors.empty() ? read_packet(packet.text) : std::nullopt;
}

}  // namespace

/// Whoever asked.
class HandoverGiver::Follower final : public runtime::FdHandler {
public:
    Follower(HandoverGiver& giver, net::OwnedDescriptor fd) : giver_(giver), link_(std::move(fd)) {
        if (giver_.loop_.watch(link_.fd(), EPOLLIN, *this, token_))
            throw std::system_error(errno, std::generic_category(), "a hand-over cannot be watched");
    }
    ~Follower() { giver_.loop_.unwatch(token_); }

    [[nodiscard]] const DescriptorLink& link() const noexcept { return link_; }
    /// What it said, if anything.
    void look() { on_fd(0); }
    bool has_sockets = false;

private:
    // The giver may part with this object in what it is told: nothing follows that.
    void on_fd(std::uint32_t /*events*/) override {
        if (giver_.follower_.get() != this) return;  // parted with in this round
        DescriptorLink::Packet packet;
        switch (link_.receive(packet)) {
        case DescriptorLink::Got::nothing: return;
        case DescriptorLink::Got::gone: return giver_.fail("the new process ended before it was ready");
        case DescriptorLink::Got::packet: break;
        }
        const auto word = word_of(packet);
        if (!word) return giver_.refuse("the new process does not speak " + std::string(kHandoverProtocol));
        giver_.heard(*word);
    }

    HandoverGiver& giver_;
    const DescriptorLink link_;
    runtime::FdToken token_;
};

HandoverGiver::HandoverGiver(runtime::Loop& loop, int socket, HandoverPorts ports)
    : loop_(loop), ports_(std::move(ports)), socket_(socket) {
    if (loop_.watch(socket_, EPOLLIN, *this, token_))
        throw std::system_error(errno, std::generic_category(), "the hand-over socket cannot be watched");
}

HandoverGiver::~HandoverGiver() {
    follower_.reset();
    loop_.unwatch(token_);
}

// A second one waits in the queue until the first has ended.
void HandoverGiver::on_fd(std::uint32_t /*events*/) {
    (void)loop_.rewatch(token_, 0);
    net::OwnedDescriptor fd(::accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() < 0) return loop_.arm(static_cast<Wait&>(*this), kAcceptAgainMs);
    follower_ = std::make_unique<Follower>(*this, std::move(fd));
    loop_.arm(static_cast<Wait&>(*this), kAskMs);
    if (follower_->link().peer_user() != ::geteuid()) refuse("the new process is of another user");
}

// This thread may have slept while the other side was in time: what it said counts.
void HandoverGiver::on_timer(HandoverWait) {
    if (!follower_) return (void)loop_.rewatch(token_, EPOLLIN);
    follower_->look();
    if (follower_ && !Wait::armed()) refuse("the new process took too long to start");
}

void HandoverGiver::heard(const HandoverWord& word) {
    if (word.kind == Kind::take && !follower_->has_sockets) return give();
    if (word.kind != Kind::ready || !follower_->has_sockets)
        return refuse("the new process said something out of its turn");
    log_.info("another process serves in place of this one, which sends its clients there");
    (void)follower_->link().send(to_packet({Kind::leaving, {}}));
    part();
    loop_.unwatch(token_);
    ports_.leave();
}

void HandoverGiver::give() {
    if (const std::string why = ports_.why_not(); !why.empty()) return refuse(why);
    bool is_sent = true;
    for (const HandedListener& listener : ports_.listeners())
        is_sent = is_sent && send(listener);
    const HandoverWord last{Kind::all, {ports_.node_id, std::to_string(ports_.watchdog_us)}};
    if (!is_sent || !follower_->link().send(to_packet(last))) return fail("the new process does not listen");
    follower_->has_sockets = true;
    loop_.arm(static_cast<Wait&>(*this), kStartMs);
    log_.info("another process has the sockets, too, and starts");
}

bool HandoverGiver::send(const HandedListener& listener) const {
    const std::string text = to_packet({Kind::listener, {listener.name, listener.address, listener.owner}});
    for (std::span<const int> left(listener.descriptors); !left.empty();) {
        const auto part = left.first(std::min(left.size(), DescriptorLink::kMostDescriptors));
        if (!follower_->link().send(text, part)) return false;
        left = left.subspan(part.size());
    }
    return true;
}

void HandoverGiver::call_off(const std::string& why) {
    if (follower_) refuse(why);
}

void HandoverGiver::refuse(const std::string& why) {
    follower_->link().send_last(to_packet({Kind::refused, {why}}));
    fail(why);
}

void HandoverGiver::fail(const std::string& why) {
    log_.warn("no hand-over: nothing has changed here", {{"reason", why}});
    part();
    (void)loop_.rewatch(token_, EPOLLIN);
}

void HandoverGiver::part() {
    Wait::cancel();
    // It may be what called.
    loop_.after_round([gone = std::shared_ptr<Follower>(std::move(follower_))] {});
}

}  // namespace streamhost::app
