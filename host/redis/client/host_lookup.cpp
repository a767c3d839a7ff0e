#include "redis/client/host_lookup.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <netdb.h>

namespace streamhost::redis {

namespace {

template <typename Socket>
Endpoint endpoint_of(const Socket& socket) {
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, &socket, sizeof(socket));
    endpoint.size = sizeof(socket);
    return endpoint;
}

}  // namespace

Endpoints numeric_endpoints(const Address& address) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) return {endpoint_of(v4)};
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) return {endpoint_of(v6)};
    return {};
}

Endpoints ask_system(const Address& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list) != 0)
        return {};
    Endpoints found;
    for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
        Endpoint endpoint;
        std::memcpy(&endpoint.storage, at->ai_addr, at->ai_addrlen);
        endpoint.size = at->ai_addrlen;
        found.push_back(endpoint);
    }
    ::freeaddrinfo(list);
    return found;
}

// What a thread knows of the object that started it.
struct HostLookup::Mailbox {
    std::mutex mutex;
    runtime::Loop* loop = nullptr;  // guarded; none when nobody waits any more
    HostLookup* owner = nullptr;    // of the loop's thread alone
};

HostLookup::HostLookup(runtime::Loop& loop, LookupFunction ask)
    : ask_(std::move(ask)), mailbox_(std::make_shared<Mailbox>()) {
    mailbox_->loop = &loop;
    mailbox_->owner = this;
}

HostLookup::~HostLookup() {
    mailbox_->owner = nullptr;
    const std::lock_guard lock(mailbox_->mutex);
    mailbox_->loop = nullptr;
}

void HostLookup::find(const Address& address, Done done) {
    if (Endpoints numbers = numeric_endpoints(address); !numbers.empty()) return done(std::move(numbers));
    if (waiting_.size() >= kMostThreads) return done({});
    const std::uint64_t id = ++last_id_;
    const auto ask_and_tell = [mailbox = mailbox_, ask = ask_, address, id] {
        Endpoints found = ask(address);
        const std::lock_guard lock(mailbox->mutex);
        if (mailbox->loop == nullptr) return;
        // Refused only by a loop that has ended, and then nobody waits.
        (void)mailbox->loop->post([mailbox, id, found = std::move(found)]() mutable {
            if (mailbox->owner != nullptr) mailbox->owner->take(id, std::move(found));
        });
    };
    try {
        std::thread(ask_and_tell).detach();
        waiting_.emplace(id, std::move(done));
    } catch (const std::system_error&) {
        done({});
    }
}

void HostLookup::take(std::uint64_t id, Endpoints found) {
    auto node = waiting_.extract(id);
    if (!node.empty()) node.mapped()(std::move(found));
}

}  // namespace streamhost::redis
