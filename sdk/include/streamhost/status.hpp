// Status values cross the boundary, exceptions do not: Failure is how C++ code raises one, guard() turns it
// back.
#pragma once

#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "streamhost/abi/status.h"
#include "streamhost/utf8.hpp"

namespace streamhost {

// Thrown by plugin code; the status and text reach the caller on the other side.
class Failure : public std::runtime_error {
public:
    Failure(sh_status status, const std::string& text) : std::runtime_error(text), status_(status) {}
    [[nodiscard]] sh_status status() const noexcept { return status_; }

private:
    sh_status status_;
};

// Cuts at the size of the field, on a UTF-8 boundary. [any]
template <std::size_t N>
void copy_text(char (&out)[N], std::string_view text) noexcept {
    const std::string_view cut = cut_utf8(text, N - 1);
    if (!cut.empty()) std::memcpy(out, cut.data(), cut.size());
    out[cut.size()] = '\0';
}

inline void set_error(sh_error* error, sh_status status, std::string_view text) noexcept {
    if (error == nullptr) return;
    error->status = status;
    copy_text(error->text, text);
}

// For guard(), on a path where next to nothing is thrown: empty, but not cleared, which for its half a
// kilobyte would cost more than most callbacks do.
struct Caught : sh_error {
    Caught() noexcept { text[0] = '\0'; }  // NOLINT(cppcoreguidelines-pro-type-member-init)
};

// The barrier of every thunk: runs `body` (void or sh_status) and answers a status instead of throwing.
template <typename Body>
sh_status guard(sh_error* error, Body&& body) noexcept {
    try {
        if constexpr (std::is_void_v<decltype(body())>) {
            body();
            return SH_OK;
        } else {
            return body();
        }
    } catch (const Failure& failure) {
        set_error(error, failure.status(), failure.what());
        return failure.status();
    } catch (const std::exception& thrown) {
        set_error(error, SH_INTERNAL, thrown.what());
    } catch (...) {
        set_error(error, SH_INTERNAL, "an exception that is no std::exception");
    }
    return SH_INTERNAL;
}

// Of a call that may be made once more: nothing was taken, or whether it took effect is not known.
constexpr bool is_transient(sh_status status) noexcept {
    return status == SH_TIMEOUT || status == SH_UNAVAILABLE || status == SH_BUSY || status == SH_GONE;
}

// The `code` of the wire protocol for a status; "internal" for everything a client can do nothing about.
constexpr std::string_view status_code(sh_status status) noexcept {
    switch (status) {
    case SH_OK: return "ok";
    case SH_INVALID: return "bad_request";
    case SH_NOT_FOUND:
    case SH_EXPIRED: return "not_found";
    case SH_CONFLICT:
    case SH_DIVERGED: return "conflict";
    case SH_FORBIDDEN: return "forbidden";
    case SH_TOO_LARGE:
    case SH_FULL: return "too_large";
    case SH_FENCED: return "fenced";
    case SH_HELD: return "held";
    case SH_GAP: return "sequence_gap";
    case SH_ENDED: return "ended";
    case SH_RATE_LIMITED: return "rate_limited";
    case SH_UNAUTHENTICATED: return "unauthenticated";
    case SH_BUSY:
    case SH_UNAVAILABLE:
    case SH_GONE:
    case SH_CANCELLED: return "unavailable";
    case SH_TIMEOUT: return "timeout";
    default: return "internal";
    }
}

// Whether a client is told to try again: these, and what passes by waiting.
constexpr bool is_retryable(sh_status status) noexcept {
    return is_transient(status) || status == SH_CANCELLED || status == SH_RATE_LIMITED || status == SH_HELD;
}

}  // namespace streamhost
