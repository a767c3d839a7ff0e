#include "app/given_sockets.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <Poco/Environment.h>
#include <Poco/Exception.h>
#include <unistd.h>

#include "streamhost/whole_number.hpp"

#include "net/listen_address.hpp"

namespace streamhost::app {

namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 1'024;

std::vector<std::string> parts_of(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= text.size() && !text.empty();) {
        const std::size_t end = std::min(text.find(':', from), text.size());
        parts.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return parts;
}

bool is_at(const net::ListenSocket& socket, const std::string& address) {
    try {
        return socket.address() == net::parse_address(address);
    } catch (const Poco::Exception&) {
        return false;
    }
}

const WantedListener* listener_of(const GivenSocket& given, const std::vector<WantedListener>& listeners) {
    const auto named = std::find_if(listeners.begin(), listeners.end(),
                                    [&](const WantedListener& one) { return one.name == given.name; });
    if (named != listeners.end()) return &*named;
    const auto placed = std::find_if(listeners.begin(), listeners.end(), [&](const WantedListener& one) {
        return is_at(given.socket, one.address);
    });
    return placed == listeners.end() ? nullptr : &*placed;
}

bool opens_more(const net::ListenSocket& socket, const std::string& address) {
    return !net::is_local(socket.address()) && net::is_local(net::parse_address(address));
}

std::string describe(const GivenSocket& given) {
    return given.where + (given.name.empty() ? "" : " (" + given.name + ")") + ", which listens on " +
           net::to_text(given.socket.address()) + ",";
}

}  // namespace

std::vector<GivenSocket> inherited_sockets() {
    std::vector<GivenSocket> sockets;
    if (whole_number<int>(Poco::Environment::get("LISTEN_PID", "")) != static_cast<int>(::getpid()))
        return sockets;
    const int count = whole_number<int>(Poco::Environment::get("LISTEN_FDS", "")).value_or(-1);
    if (count < 0 || count > kMost)
        throw std::runtime_error("LISTEN_FDS is no number of descriptors from 0 to " + std::to_string(kMost));
    const std::vector<std::string> names = parts_of(Poco::Environment::get("LISTEN_FDNAMES", ""));
    if (!names.empty() && names.size() != static_cast<std::size_t>(count))
        throw std::runtime_error("LISTEN_FDNAMES has " + std::to_string(names.size()) +
                                 " names, and LISTEN_FDS says " + std::to_string(count));
    for (int index = 0; index < count; ++index) {
        const std::string name = names.empty() ? "" : names[static_cast<std::size_t>(index)];
        const std::string where = "descriptor " + std::to_string(kFirst + index);
        try {
            sockets.push_back({net::take_socket(net::OwnedDescriptor(kFirst + index)), name, where});
        } catch (const Poco::Exception& error) {
            throw std::runtime_error("LISTEN_FDS: " + where + (name.empty() ? "" : " (" + name + ")") + ": " +
                                     error.message());
        }
    }
    return sockets;
}

AssignedSockets assign(const std::vector<GivenSocket>& sockets,
                       const std::vector<WantedListener>& listeners) {
    AssignedSockets out;
    for (const GivenSocket& given : sockets) {
        const WantedListener* listener = listener_of(given, listeners);
        if (listener == nullptr) {
            out.complaints.push_back(
                describe(given) +
                " is for no listener: name it like one (FileDescriptorName= of its socket "
                "unit), or give a listener that address");
        } else if (opens_more(given.socket, listener->address)) {
            out.complaints.push_back(describe(given) + " can be reached by others, and listeners." +
                                     listener->name + ".address is " + listener->address +
                                     ": have both say the same");
        } else {
            out.by_listener[listener->name].push_back(given.socket);
        }
    }
    return out;
}

}  // namespace streamhost::app
