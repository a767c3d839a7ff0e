#include "problem.hpp"

#include <algorithm>
#include <array>

#include "streamhost/json_object.hpp"

namespace gateway {

namespace {

struct Named {
    std::uint32_t status;
    std::string_view title;
};
constexpr std::array kTitles = {Named{400, "Bad Request"},
                                Named{401, "Unauthorized"},
                                Named{403, "Forbidden"},
                                Named{404, "Not Found"},
                                Named{405, "Method Not Allowed"},
                                Named{409, "Conflict"},
                                Named{410, "Gone"},
                                Named{413, "Content Too Large"},
                                Named{429, "Too Many Requests"},
                                Named{500, "Internal Server Error"},
                                Named{503, "Service Unavailable"},
                                Named{504, "Gateway Timeout"}};

struct Mapped {
    std::string_view code;
    std::uint32_t status;
};
constexpr std::array kStatuses = {
    Mapped{"bad_request", 400}, Mapped{"unknown_type", 404}, Mapped{"unauthenticated", 401},
    Mapped{"forbidden", 403},   Mapped{"not_found", 404},    Mapped{"conflict", 409},
    Mapped{"too_large", 413},   Mapped{"rate_limited", 429}, Mapped{"unavailable", 503},
    Mapped{"timeout", 504},     Mapped{"internal", 500},     Mapped{"held", 409},
    Mapped{"fenced", 409},      Mapped{"sequence_gap", 409}, Mapped{"ended", 409}};
static_assert(kStatuses.size() == std::size(kErrorCodes));

std::string_view title_of(std::uint32_t status) noexcept {
    const auto found = std::find_if(kTitles.begin(), kTitles.end(),
                                    [status](const Named& one) { return one.status == status; });
    return found == kTitles.end() ? std::string_view("Error") : found->title;
}

}  // namespace

std::uint32_t http_status(const Error& error) noexcept {
    const auto found = std::find_if(kStatuses.begin(), kStatuses.end(),
                                    [&error](const Mapped& one) { return one.code == error.code; });
    return found == kStatuses.end() ? 500 : found->status;
}

streamhost::HttpResponse problem_response(std::uint32_t status, const Error& error) {
    streamhost::JsonObject body;
    body.text("type", "about:blank").text("title", title_of(status)).number("status", status);
    body.text("code", error.code).text("detail", error.message).boolean("retryable", error.retryable);
    if (error.retry_after_ms > 0) body.number("retry_after_ms", error.retry_after_ms);
    if (error.expected) body.number("expected", *error.expected);
    streamhost::HttpResponse response{
        status, {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}}, body.done()};
    if (error.retry_after_ms > 0)
        response.headers.emplace_back("Retry-After", std::to_string((error.retry_after_ms + 999) / 1'000));
    if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace gateway
