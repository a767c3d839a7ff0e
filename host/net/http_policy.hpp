#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_head.hpp"
#include "net/http_reply.hpp"

namespace streamhost::net {

// The problem: what a browser does with an answer (guess its type, frame it, tell others where it came from,
// let the page of another origin read it) is decided by fields that every answer has to carry, also the ones
// that no plugin made. Sources: Fetch, "CORS protocol"; RFC 9110, 6.6.1 and 12.5.5. All [any] and pure.

struct CorsRules {
    std::vector<std::string>
        origins;          // "https://example.com", or "*" for all; empty: no page of another origin
    std::string methods;  // as they stand in the field: "GET, POST"
    std::string headers;
    std::string exposed;
    std::uint32_t max_age_s = 600;
    bool credentials = false;  // never with "*"

    [[nodiscard]] bool is_on() const noexcept { return !origins.empty(); }
};

// Immutable once made, shared by all threads.
struct HttpPolicy {
    std::vector<std::pair<std::string, std::string>> headers;  // of each answer that does not have its own
    CorsRules cors;
};
using HttpPolicyPtr = std::shared_ptr<const HttpPolicy>;

// The lines that let the page that asks read the answer, if it may; a cache hears that the answer depends on
// it. Nothing where no other origin may.
[[nodiscard]] std::string cors_lines(const CorsRules& rules, const HttpHead& head);
// A browser's question whether the page may send what it is about to send.
[[nodiscard]] bool is_preflight(const HttpHead& head) noexcept;
[[nodiscard]] std::string preflight_answer(const CorsRules& rules, const HttpHead& head, AfterReply after);

// Puts behind the status line of a whole response: Date and the policy's headers, as far as it does not have
// them, and `lines`.
void add_fields(std::string& response, const HttpPolicy& policy, std::string_view date,
                std::string_view lines);
// As in "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::int64_t seconds);

}  // namespace streamhost::net
