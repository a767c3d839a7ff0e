// Errors of the protocol as answers to HTTP requests (RFC 9457). Pure.
#pragma once

#include <cstdint>

#include "streamhost/http.hpp"

#include "errors.hpp"

namespace gateway {

// The usual status of its code.
[[nodiscard]] std::uint32_t http_status(const Error& error) noexcept;
[[nodiscard]] streamhost::HttpResponse problem_response(std::uint32_t status, const Error& error);

}  // namespace gateway
