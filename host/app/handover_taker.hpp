#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/descriptor_link.hpp"
#include "net/owned_descriptor.hpp"

namespace streamhost::app {

/// What the process that ran here gave to this one, which serves in its place once it says so.
class Handover {
public:
    struct Listener {
        std::string address;  ///< as that process was configured
        std::string owner;    ///< of its socket file; empty: not to be looked after
        std::vector<net::OwnedDescriptor> sockets;
    };
    /// What became of the other process.
    enum class Former : std::uint8_t {
        leaves = 1,
        ended,    ///< by itself
        silent,   ///< it leaves as soon as it hears of this one
        goes_on,  ///< it called the hand-over off: this process must not serve
    };

    /// Asks whoever gives at `path`; nothing where nobody does. Throws std::runtime_error with the reason
    /// where it gives nothing, is of another user or does not answer in time. [control]
    static std::optional<Handover> ask(const std::string& path);

    /// Of a listener that was configured with that name and address there; nothing for others. Once.
    [[nodiscard]] std::optional<Listener> take(const std::string& name, const std::string& address);
    [[nodiscard]] const std::string& node_id() const noexcept { return node_id_; }
    /// Of the service manager that started that process, which tells nobody else.
    [[nodiscard]] std::uint64_t watchdog_us() const noexcept { return watchdog_us_; }

    /// Whether the other one has called it off by now. [control]
    [[nodiscard]] bool is_called_off();
    /// This process serves. Waits some seconds at most. [control]
    [[nodiscard]] Former tell_ready();
    /// Of listeners that nobody took. When the other one has left.
    void remove_files() noexcept;

private:
    explicit Handover(net::DescriptorLink link) : link_(std::move(link)) {}
    void hear();
    void add(const std::vector<std::string>& fields, std::vector<net::OwnedDescriptor> descriptors);

    net::DescriptorLink link_;
    std::map<std::string, Listener, std::less<>> listeners_;
    std::string node_id_;
    std::uint64_t watchdog_us_ = 0;
};

}  // namespace streamhost::app
