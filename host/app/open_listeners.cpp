#include "app/open_listeners.hpp"

#include <cstddef>
#include <limits>
#include <utility>

#include <Poco/Net/NetException.h>

#include "app/opening.hpp"
#include "net/listen_address.hpp"

namespace streamhost::app {

namespace {

constexpr int kBacklog = 4'096;
constexpr int kAdminBacklog = 64;

/// A listener as it is to be opened.
struct Place {
    std::string name;
    std::string address;
    net::SocketFileOptions file;
    std::size_t count = 1;  // of sockets, where each can have a queue of its own
    int backlog = kAdminBacklog;
    std::size_t most = 1;  // that it can be given
};

std::vector<Place> places_of(const Settings& settings) {
    std::vector<Place> list;
    for (const Settings::Listener& listener : settings.listeners)
        list.push_back({listener.name, listener.address, listener.socket_file, settings.loops, kBacklog,
                        std::numeric_limits<std::size_t>::max()});
    list.push_back({"admin", settings.admin_address, settings.admin_socket_file});
    return list;
}

std::vector<WantedListener> wanted(const std::vector<Place>& places) {
    std::vector<WantedListener> list;
    for (const Place& place : places)
        list.push_back({place.name, place.address});
    return list;
}

OpenListener open(const Place& place) {
    const Poco::Net::SocketAddress address = net::parse_address(place.address);
    OpenListener out;
    if (address.family() == Poco::Net::SocketAddress::UNIX_LOCAL) {
        net::OwnedDescriptor made;
        out.file = net::SocketFile::make(address.toString(), place.file, place.backlog, made);
        out.sockets.push_back(net::take_socket(std::move(made)));
    } else {
        out.sockets = net::listen_on(address, place.count, place.backlog);
    }
    return out;
}

OpenListener from(Handover::Listener given, const std::string& address) {
    OpenListener out;
    for (net::OwnedDescriptor& socket : given.sockets)
        out.sockets.push_back(net::take_socket(std::move(socket)));
    out.heir = net::SocketFile(net::parse_address(address).toString(), given.owner);
    return out;
}

OpenListener take_or_open(const Place& place, std::vector<net::ListenSocket> given, Handover* before) {
    if (given.size() > place.most)
        throw Poco::Net::NetException("it takes one socket, and is given " + std::to_string(given.size()));
    OpenListener out;
    if (!given.empty()) {
        out.sockets = std::move(given);
    } else if (auto handed = before != nullptr ? before->take(place.name, place.address) : std::nullopt) {
        out = from(*std::move(handed), place.address);
    } else {
        out = open(place);
    }
    out.address = net::to_text(out.sockets.front().address());
    out.wanted = place.address;
    return out;
}

}  // namespace

void OpenListeners::remove_client_files() noexcept {
    for (OpenListener& listener : clients)
        listener.file.remove();
}

void OpenListeners::close_clients() noexcept {
    for (OpenListener& listener : clients)
        listener.sockets.clear();
}

void OpenListeners::leave_files() noexcept {
    for (OpenListener& listener : clients)
        listener.file.leave();
    admin.file.leave();
}

void OpenListeners::inherit_files() {
    for (OpenListener& listener : clients)
        if (!listener.heir.who().empty()) listener.file = std::exchange(listener.heir, {});
    if (!admin.heir.who().empty()) admin.file = std::exchange(admin.heir, {});
}

OpenListeners open_listeners(const Settings& settings, const std::vector<GivenSocket>& given,
                             Handover* before) {
    const std::vector<Place> places = places_of(settings);
    AssignedSockets assigned = assign(given, wanted(places));
    Opening opening;
    for (const std::string& complaint : assigned.complaints)
        opening.complain(complaint);
    OpenListeners out;
    for (const Place& place : places) {
        OpenListener listener;
        opening.listener(place.name, [&] {
            listener = take_or_open(place, std::move(assigned.by_listener[place.name]), before);
        });
        out.clients.push_back(std::move(listener));
    }
    if (opening.failed()) out.remove_client_files();
    opening.finish();
    out.admin = std::move(out.clients.back());
    out.clients.pop_back();
    return out;
}

}  // namespace streamhost::app
