// The text of a JSON value's members, as the client wrote it: what is passed on is spliced, never rebuilt.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace gateway {

// The members of one object, or the elements of one array, in order. Of `json` that a parser has accepted
// already; of anything else an unspecified, but bounded, list that ends at what is no JSON.
class RawValues {
public:
    struct Member {
        std::string_view name;   // with its quotes; an element has none
        std::string_view value;  // without white space around it
    };

    explicit RawValues(std::string_view json) noexcept;
    // Nothing behind the last one.
    [[nodiscard]] std::optional<Member> next() noexcept;

private:
    std::optional<Member> end() noexcept;

    std::string_view json_;
    std::size_t at_;
    bool is_object_ = false;
};

// The value of the member `name` in what may be no JSON at all, if it can be seen: for telling a client which
// of its messages was refused. Only an integer or a string without escapes, of at most `max_bytes`; else
// empty.
[[nodiscard]] std::string_view plain_member(std::string_view text, std::string_view name,
                                            std::size_t max_bytes) noexcept;

// The content of a JSON string, still escaped, without its quotes.
[[nodiscard]] std::string_view without_quotes(std::string_view json_string) noexcept;

}  // namespace gateway
