// The problem: a server that cuts its text by UTF-16 units writes one half of a pair at the end of one event
// and the other at the start of the next, as \ud83d and \udc1f. Neither half is JSON text that a parser
// takes.
//
// Source: RFC 8259, section 7 (pairs) and 8.2 (unpaired ones).
#pragma once

#include <string>
#include <string_view>

namespace chat {

class SurrogateCarry {
public:
    // The event with whole pairs only: an unpaired first half is kept for the next event, a second half that
    // belongs to none becomes U+FFFD.
    [[nodiscard]] std::string mend(std::string_view json);
    // Nothing more comes: U+FFFD for a half that is still kept.
    [[nodiscard]] std::string_view finish();

private:
    std::string kept_;  // "\ud83d", or empty
};

}  // namespace chat
