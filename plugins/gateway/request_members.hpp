// What a message says, member by member: its value as the parser sees it, beside the text that it stands in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace gateway {

// Thrown where a message's fault is found deep in one of its members; RequestParser::parse() catches it.
struct Fault {
    std::string_view code;
    std::string message;
};

[[noreturn]] void bad(std::string message);
[[noreturn]] void too_large(std::string message);

struct Member {
    std::string_view name;
    simdjson::dom::element value;
    std::string_view raw;
};

// Of one object. What is missing, of another kind or over its bound is a Fault that says so.
class Members {
public:
    Members(simdjson::dom::object object, std::string_view raw);

    // The first of that name, also when it is null.
    [[nodiscard]] const Member* find_any(std::string_view name) const;
    // A member that is null counts as absent, here and below.
    [[nodiscard]] const Member* find(std::string_view name) const;
    [[nodiscard]] const Member& need(std::string_view name) const;

    [[nodiscard]] std::optional<std::string_view> text(std::string_view name, std::size_t max_bytes) const;
    [[nodiscard]] std::string_view need_text(std::string_view name, std::size_t max_bytes) const;
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name, std::uint64_t low,
                                                      std::uint64_t high) const;
    [[nodiscard]] std::uint64_t need_number(std::string_view name, std::uint64_t low,
                                            std::uint64_t high) const;
    // The text of an object, or empty.
    [[nodiscard]] std::string_view object(std::string_view name) const;

private:
    std::vector<Member> list_;
};

}  // namespace gateway
