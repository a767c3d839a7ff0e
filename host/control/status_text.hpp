#pragma once

#include <string_view>

#include "streamhost/abi/status.h"

namespace streamhost::control {

/// The name that a plugin author knows the status by.
[[nodiscard]] constexpr std::string_view status_text(sh_status status) noexcept {
    switch (status) {
    case SH_OK: return "SH_OK";
    case SH_INVALID: return "SH_INVALID";
    case SH_NOT_FOUND: return "SH_NOT_FOUND";
    case SH_CONFLICT: return "SH_CONFLICT";
    case SH_FORBIDDEN: return "SH_FORBIDDEN";
    case SH_TOO_LARGE: return "SH_TOO_LARGE";
    case SH_FENCED: return "SH_FENCED";
    case SH_HELD: return "SH_HELD";
    case SH_GAP: return "SH_GAP";
    case SH_ENDED: return "SH_ENDED";
    case SH_DIVERGED: return "SH_DIVERGED";
    case SH_FULL: return "SH_FULL";
    case SH_EXPIRED: return "SH_EXPIRED";
    case SH_RATE_LIMITED: return "SH_RATE_LIMITED";
    case SH_UNAUTHENTICATED: return "SH_UNAUTHENTICATED";
    case SH_BUSY: return "SH_BUSY";
    case SH_UNAVAILABLE: return "SH_UNAVAILABLE";
    case SH_TIMEOUT: return "SH_TIMEOUT";
    case SH_GONE: return "SH_GONE";
    case SH_CANCELLED: return "SH_CANCELLED";
    case SH_NEEDS_RESTART: return "SH_NEEDS_RESTART";
    case SH_REJECTED: return "SH_REJECTED";
    case SH_WRONG_ROLE: return "SH_WRONG_ROLE";
    case SH_UNSUPPORTED: return "SH_UNSUPPORTED";
    default: return "SH_INTERNAL";
    }
}

}  // namespace streamhost::control
