// The problem: a provider cuts its text anywhere, also inside a code point, and an entry must be whole UTF-8.
// What is cut is carried to the next piece; bytes that can never become UTF-8 are replaced (U+FFFD, one per
// maximal ill-formed part: Unicode 15, 3.9, "substitution of maximal subparts"). Pure. [worker]
#pragma once

#include <string>
#include <string_view>

namespace chat {

class Utf8Carry {
public:
    // Whole code points of what was carried and `piece`.
    [[nodiscard]] std::string add(std::string_view piece);
    // The end: what is still carried was never completed and is replaced.
    [[nodiscard]] std::string finish();

private:
    std::string carried_;  // at most 3 bytes: a prefix of a code point
};

}  // namespace chat
