#include "store/glob.hpp"

#include <algorithm>
#include <cstddef>

namespace streamhost::store {
namespace {

struct OneByte {
    bool matches;
    std::size_t length;  // of the pattern's element
};

// A set that is not closed reaches to the end of the pattern, as in Redis.
OneByte match_set(std::string_view set, char byte) noexcept {
    std::size_t i = 1;
    const bool negated = i < set.size() && set[i] == '^';
    if (negated) ++i;
    bool found = false;
    for (; i < set.size() && set[i] != ']'; ++i) {
        if (set[i] == '\\' && i + 1 < set.size()) {
            found |= set[++i] == byte;
        } else if (i + 2 < set.size() && set[i + 1] == '-') {
            // With a list: the overload of two returns references to its temporaries.
            const auto [low, high] =
                std::minmax({static_cast<unsigned char>(set[i]), static_cast<unsigned char>(set[i + 2])});
            const auto value = static_cast<unsigned char>(byte);
            found |= value >= low && value <= high;
            i += 2;
        } else {
            found |= set[i] == byte;
        }
    }
    return {found != negated, std::min(i + 1, set.size())};
}

OneByte match_one(std::string_view pattern, char byte) noexcept {
    switch (pattern[0]) {
    case '?': return {true, 1};
    case '[': return match_set(pattern, byte);
    case '\\':
        if (pattern.size() > 1) return {pattern[1] == byte, 2};
        [[fallthrough]];
    default: return {pattern[0] == byte, 1};
    }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t after_star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            after_star = ++p;
            star_text = t;
            continue;
        }
        if (p < pattern.size()) {
            const OneByte one = match_one(pattern.substr(p), text[t]);
            if (one.matches) {
                p += one.length;
                ++t;
                continue;
            }
        }
        if (after_star == std::string_view::npos) return false;
        p = after_star;
        t = ++star_text;
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

}  // namespace streamhost::store
