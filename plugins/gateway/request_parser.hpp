// From the text of a message to a Request: strict about what it knows, blind for what it does not.
#pragma once

#include <memory>
#include <string_view>

#include "limits.hpp"
#include "request.hpp"

namespace gateway {

// One per loop: it owns the parser's memory, so a message costs no allocation but that of its lists.
class RequestParser {
public:
    explicit RequestParser(const Limits& limits);
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;
    ~RequestParser();

    // Never throws for what a client wrote: a bad message is a Refused. Valid until the next call, and as
    // long as `text` is. `text` is valid UTF-8.
    [[nodiscard]] Request parse(std::string_view text);

private:
    struct Memory;
    std::unique_ptr<Memory> memory_;
    Limits limits_;
};

}  // namespace gateway
