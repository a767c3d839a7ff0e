// The text of a JSON value's members, as the client wrote it: what is passed on is spliced, never rebuilt.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace gateway {

// `json` is one object or array that a parser has accepted already; anything else gives an unspecified, but
// bounded, answer. The values of its members in order, without white space around them.
[[nodiscard]] std::vector<std::string_view> raw_values(std::string_view json);

// The value of the member `name` in what may be no JSON at all, if it can be seen: for telling a client which
// of its messages was refused. Only an integer or a string without escapes, of at most `max_bytes`; else
// empty.
[[nodiscard]] std::string_view plain_member(std::string_view text, std::string_view name,
                                            std::size_t max_bytes) noexcept;

// The content of a JSON string, still escaped, without its quotes.
[[nodiscard]] std::string_view without_quotes(std::string_view json_string) noexcept;

}  // namespace gateway
