#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamhost::app {

/// Says which form of words this program speaks; both sides have to speak the same.
inline constexpr std::string_view kHandoverProtocol = "streamhost-handover/1";

/// What two processes of this program say to each other when one takes the sockets of the other over. The
/// new one: take, and when it serves, ready. The running one: a listener each, then all; after ready,
/// leaving; or refused, at any time before.
struct HandoverWord {
    enum class Kind : std::uint8_t {
        take = 1,
        listener,  ///< name, address, who owns its file or nothing; with its descriptors
        all,       ///< the node's name, the time of its service manager's watchdog (us)
        refused,   ///< why
        ready,
        leaving,
    };
    Kind kind;
    std::vector<std::string> fields;
};

/// Fields hold no line ends. Pure.
[[nodiscard]] std::string to_packet(const HandoverWord& word);
/// Nothing for another version, and for what has other fields than its kind. Pure.
[[nodiscard]] std::optional<HandoverWord> read_packet(std::string_view packet);

/// The problem: while the former process sends its clients away two of one name would live, and take each
/// other's sessions.
///
/// The name of a process that takes over from `before` and is configured to be `configured`: "gw-1" is
/// followed by "gw-1_2", that by "gw-1_3". A long name loses its end to the number. Pure.
[[nodiscard]] std::string name_after(const std::string& configured, const std::string& before);

}  // namespace streamhost::app
