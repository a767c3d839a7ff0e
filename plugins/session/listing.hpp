// What the store's registry answers, read; and what an operator is shown of it. Pure. [any]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace session {

// One session on one node.
struct Registered {
    std::string session;
    std::string node;
    std::string user;
    std::uint64_t connections = 0;
    std::int64_t since_ms = 0;
    std::int64_t created_ms = 0;
};

struct Listing {
    std::vector<Registered> entries;
    std::string last_node;
};

// {"entries":[{"session","node","user","data"}],"last_node"}. What cannot be read is left out: an entry of
// another version of this plugin must not hide the rest.
[[nodiscard]] Listing read_listing(std::string_view json);
// ["...", ...]
[[nodiscard]] std::vector<std::string> read_names(std::string_view json);

// [{"session","user","node","connections","since"}]
[[nodiscard]] std::string show(const std::vector<Registered>& entries);
// Of [{"node","data","left_ms"}]: [{"node","server","sessions","connections","left_ms"}], by name. left_ms:
// how long the node counts as there without another heartbeat; negative: for how long it has been gone.
[[nodiscard]] std::string show_nodes(std::string_view json);
// Of the first node in such a list, which process wrote it: empty where it does not say; nothing in an empty
// list.
[[nodiscard]] std::optional<std::string> incarnation_of(std::string_view json);
// When the session was first registered, of those that still say so; `otherwise` without any.
[[nodiscard]] std::int64_t created_of(const std::vector<Registered>& entries, std::int64_t otherwise);

}  // namespace session
