#include "redis/error_code.hpp"

namespace streamhost::redis {

namespace {

bool take(std::string_view& text, std::string_view front) noexcept {
    if (!text.starts_with(front)) return false;
    text.remove_prefix(front.size());
    return true;
}

// A place in a script: "@user_script:7: ", "@user_script: 7: " or "user_script:7: ".
bool take_place(std::string_view& text) noexcept {
    std::string_view rest = text;
    take(rest, "@");
    if (!take(rest, "user_script:")) return false;
    take(rest, " ");
    const std::size_t digits = rest.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) return false;
    rest.remove_prefix(digits);
    if (!take(rest, ": ")) return false;
    text = rest;
    return true;
}

// What a script met, without what stands in front of it; everything, if that is no script's.
std::string_view met_by_script(std::string_view error) noexcept {
    std::string_view rest = error;
    if (!take(rest, "ERR ")) return error;
    if (rest.starts_with("Error running script")) {
        const std::size_t colon = rest.find(": ");
        if (colon == std::string_view::npos) return error;
        rest.remove_prefix(colon + 2);
    }
    bool is_of_script = false;
    while (take_place(rest))
        is_of_script = true;
    if (!is_of_script) return error;
    take(rest, "-");
    return rest;
}

}  // namespace

std::string_view error_code(std::string_view error) noexcept {
    const std::string_view met = met_by_script(error);
    return met.substr(0, met.find(' '));
}

}  // namespace streamhost::redis
