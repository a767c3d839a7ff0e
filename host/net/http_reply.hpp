#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/http_head.hpp"

namespace streamhost::net {

// The bytes of an HTTP/1.1 response with a body of known size, appended to a buffer that the caller owns.
// Errors are problem documents (RFC 9457) with the same `code` words as the errors on a WebSocket. Functions
// are [any] and pure.

enum class AfterReply : std::uint8_t { kClose = 1, kKeepAlive };

struct HttpReply {
    std::uint16_t status = 200;
    AfterReply after = AfterReply::kClose;
    std::string_view content_type{};  // empty: no body, and Content-Length 0
    std::string_view body{};
    std::span<const HttpField>
        fields{};  // one that could break out of its line is dropped (and asserted on in debug)
};

struct HttpProblem {
    std::uint16_t status = 400;
    AfterReply after = AfterReply::kClose;
    std::string_view code{};  // empty: the usual one of the status
    std::string_view detail{};
    std::optional<std::uint32_t> retry_after_s{};
    std::span<const HttpField> fields{};  // Allow, Upgrade, WWW-Authenticate...
};

inline constexpr std::string_view kProblemType = "application/problem+json";
/// Of an answer that is true at this moment only.
inline constexpr HttpField kKeptByNoCache{"Cache-Control", "no-store"};

void append_reply(std::string& out, const HttpReply& reply);
void append_problem(std::string& out, const HttpProblem& problem);
/// The head of a response whose events follow in chunks, kept and held back by nobody on their way.
void append_events_head(std::string& out, std::span<const HttpField> fields);
/// The document alone, for whoever writes the head around it.
[[nodiscard]] std::string problem_document(const HttpProblem& problem);
[[nodiscard]] HttpProblem problem_of(HeadFault fault) noexcept;

[[nodiscard]] std::string_view reason_phrase(std::uint16_t status) noexcept;
[[nodiscard]] std::string_view error_code_of(std::uint16_t status) noexcept;

}  // namespace streamhost::net
