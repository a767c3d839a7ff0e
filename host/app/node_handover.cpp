#include <stdexcept>
#include <utility>

#include <Poco/Exception.h>

#include "app/node.hpp"

namespace streamhost::app {

namespace {

constexpr const char* kSelf = "runtime.handover";  // among listeners: no listener can be called so
constexpr std::uint32_t kSettleMs = 1'000;         // for who was accepted last to say what they want
constexpr int kFollowers = 4;
constexpr std::uint64_t kReachMs = 20'000;  // the store, before the process that runs is asked to leave
constexpr int kLookMs = 20;

std::string address_of(const Settings& settings) { return "unix:" + settings.handover; }

std::vector<int> descriptors_of(const std::vector<net::ListenSocket>& sockets) {
    std::vector<int> list;
    for (const net::ListenSocket& socket : sockets)
        list.push_back(socket.impl()->sockfd());
    return list;
}

HandedListener handed(std::string name, const OpenListener& listener) {
    return {std::move(name), listener.wanted, listener.file.who(), descriptors_of(listener.sockets)};
}

}  // namespace

void Node::open_handover() {
    if (settings_->handover.empty()) return;
    if (auto given = before_ ? before_->take(kSelf, address_of(*settings_)) : std::nullopt) {
        handover_socket_ = std::move(given->sockets.front());
        handover_heir_ = net::SocketFile(settings_->handover, given->owner);
        return;
    }
    try {
        handover_file_ =
            net::SocketFile::make(settings_->handover, {.mode = 0600, .group = {}, .type = SOCK_SEQPACKET},
                                  kFollowers, handover_socket_);
    } catch (const Poco::Exception& error) {
        sockets_.remove_client_files();
        sockets_.admin.file.remove();
        throw std::runtime_error("runtime.handover: " + error.message());
    }
}

// One that serves less than the process before it would be no step forward: that one goes on.
std::string Node::why_not_follow(bool has_all_plugins) {
    if (!before_) return {};
    if (!has_all_plugins) return "not every plugin started";
    if (!reach_store()) return "it does not reach the store";
    return before_->is_called_off() ? "the process that runs here called it off" : "";
}

// Plugins start without it. Clients of the one that runs would come to one that turns them away.
bool Node::reach_store() {
    const std::uint64_t end_ms = clock_.monotonic_ms() + kReachMs;
    while (!store_->was_up() && !drain_ && clock_.monotonic_ms() < end_ms)
        control_loop_.run_once(kLookMs);
    return store_->was_up();
}

void Node::refuse_to_follow(const std::string& why) {
    log_.error("this process ends, and the one that runs here goes on", {{"reason", why}});
    exit_code_ = 1;
    DrainLimits limits = settings_->drain;
    limits.balancer_wait_ms = 0;
    if (!drain_) drain_.emplace(limits);
    leave(Leave::process);
}

// From serve() on both accept, until the other one has heard of this one.
bool Node::follow() {
    if (!before_) return true;
    const Handover::Former former = before_->tell_ready();
    if (former == Handover::Former::goes_on) {
        log_.error("this process ends, and the one that runs here goes on", {{"reason", "it called it off"}});
        exit_code_ = 1;
        step_aside();
        return false;
    }
    if (former != Handover::Former::leaves)
        log_.warn("the process that ran here did not say that it leaves",
                  {{"ended", former == Handover::Former::ended}});
    log_.info("serves in place of another process", {{"before", before_->node_id()}});
    sockets_.inherit_files();
    if (!handover_heir_.who().empty()) handover_file_ = std::exchange(handover_heir_, {});
    before_->remove_files();
    before_.reset();
    manager_.main_now();
    return true;
}

void Node::await_follower() {
    if (settings_->handover.empty()) return;
    if (settings_->store.kind == StoreKind::kMemory)
        log_.warn(
            "store.kind is memory: what clients read and wrote ends with this process, at a hand-over, too");
    giver_ = std::make_unique<HandoverGiver>(control_loop_, handover_socket_.get(),
                                             HandoverPorts{.why_not = [this] { return why_no_follower(); },
                                                           .listeners = [this] { return handed_listeners(); },
                                                           .node_id = settings_->node_id,
                                                           .watchdog_us = manager_.watchdog_us(),
                                                           .leave = [this] { give_way(); }});
}

std::string Node::why_no_follower() const { return drain_ ? "the process that runs is draining" : ""; }

std::vector<HandedListener> Node::handed_listeners() const {
    std::vector<HandedListener> list;
    for (std::size_t index = 0; index < sockets_.clients.size(); ++index)
        list.push_back(handed(settings_->listeners[index].name, sockets_.clients[index]));
    list.push_back(handed("admin", sockets_.admin));
    list.push_back({kSelf, address_of(*settings_), handover_file_.who(), {handover_socket_.get()}});
    return list;
}

void Node::give_way() {
    sockets_.leave_files();
    handover_file_.leave();
    step_aside();
}

// A listener that the other process did not take is closed with this.
void Node::step_aside() {
    stepped_aside_ = true;
    transport_->stop_listening();
    sockets_.close_clients();
    admin_->stop_accepting();
    DrainLimits limits = settings_->drain;
    limits.balancer_wait_ms = kSettleMs;
    drain_.emplace(limits);
    leave(Leave::process);
}

}  // namespace streamhost::app
