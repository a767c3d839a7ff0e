#include "store/status.hpp"

namespace streamhost::store {

std::string_view name_of(Status status) noexcept {
    switch (status) {
    case Status::kOk: return "ok";
    case Status::kDuplicate: return "duplicate";
    case Status::kConflict: return "conflict";
    case Status::kGap: return "gap";
    case Status::kDiverged: return "diverged";
    case Status::kFenced: return "fenced";
    case Status::kHeld: return "held";
    case Status::kEnded: return "ended";
    case Status::kNoStream: return "no_stream";
    case Status::kFull: return "full";
    case Status::kForbidden: return "forbidden";
    case Status::kNotFound: return "not_found";
    case Status::kInvalid: return "invalid";
    case Status::kTooLarge: return "too_large";
    case Status::kTimeout: return "timeout";
    case Status::kGone: return "gone";
    case Status::kUnavailable: return "unavailable";
    case Status::kExhausted: return "exhausted";
    }
    return "unknown";
}

}  // namespace streamhost::store
