#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/plugin.h"

#include "control/checked.hpp"

namespace streamhost::control {

/// The problem: a plugin is somebody else's binary. A wrong pointer, a table of another major or a service
/// list without its end must be refused with a sentence before any of its functions is called.
///
/// What a plugin says of itself, checked and copied out of the library, so that nobody reads raw C strings
/// again.
struct PluginDescriptor {
    std::string name;     ///< [a-z][a-z0-9_-]{0,31}
    std::string version;  ///< "1.2.3", with an optional "-suffix"
    std::string summary;  ///< one line
    std::vector<std::string> provided;
    std::vector<std::string> required;
    std::vector<std::string> optional;
    std::string config_schema;  ///< empty: takes no configuration
    bool stops_last = false;    ///< SH_PLUGIN_STOPS_LAST

    [[nodiscard]] bool provides(std::string_view id) const;
    [[nodiscard]] bool uses(std::string_view id) const;  ///< required or optional
};

/// At most this many services in one list, and this many bytes of schema: more is taken for a missing end.
inline constexpr std::size_t kMaxServices = 64;
inline constexpr std::size_t kMaxSchemaBytes = 262'144;

/// [any] Reads and checks the constant data behind `streamhost_plugin_entry`. Calls nothing.
[[nodiscard]] Checked<PluginDescriptor> read_descriptor(const sh_entry& entry);

/// [any] Takes what create() filled in: members beyond the plugin's struct_size become NULL; refuses a
/// missing function that the contract requires.
[[nodiscard]] Checked<sh_plugin> read_plugin(const sh_plugin& filled);

[[nodiscard]] bool is_plugin_name(std::string_view name);  ///< [a-z][a-z0-9_-]{0,31}
[[nodiscard]] bool is_service_id(std::string_view id);     ///< "streamhost.session/1", at most 96 characters

}  // namespace streamhost::control
