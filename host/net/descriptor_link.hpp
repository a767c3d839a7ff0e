#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/owned_descriptor.hpp"

namespace streamhost::net {

/// The problem: two processes on one machine tell each other a few words and hand descriptors over, and
/// neither may wait for the other for good.
///
/// A connection of a Unix socket that keeps packets apart (SOCK_SEQPACKET): each is a text and up to
/// kMostDescriptors descriptors (SCM_RIGHTS). No call waits but wait_for(). [control]
class DescriptorLink {
public:
    static constexpr std::size_t kMostDescriptors = 250;  // the kernel takes 253
    static constexpr std::size_t kMostText = 4'096;

    struct Packet {
        std::string text;
        std::vector<OwnedDescriptor> descriptors;
    };
    enum class Got : std::uint8_t {
        packet = 1,
        nothing,  ///< none came yet
        gone,     ///< the other side has ended, or sent what is no packet
    };

    explicit DescriptorLink(OwnedDescriptor connected) : fd_(std::move(connected)) {}

    /// Nothing where nobody listens at that path. Throws std::system_error for what else goes wrong, and as
    /// parse_address() for a path that none can have.
    static std::optional<DescriptorLink> connect(const std::string& path);

    /// False: the other side has gone, or takes nothing.
    [[nodiscard]] bool send(std::string_view text, std::span<const int> descriptors = {}) const;
    [[nodiscard]] Got receive(Packet& packet) const;
    /// Before this side closes. Takes nothing any more, and drops what it has not taken: the kernel would
    /// reset the other side for it, before that has read why.
    void send_last(std::string_view text) const;
    /// Until something is there to receive, the end included; false when the time is over.
    [[nodiscard]] bool wait_for(std::uint32_t time_ms) const;
    /// The user of the process that connected or listened, as the kernel says it.
    [[nodiscard]] std::optional<uid_t> peer_user() const;
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

private:
    OwnedDescriptor fd_;
};

}  // namespace streamhost::net
