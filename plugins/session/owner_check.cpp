#include "owner_check.hpp"

namespace session {

void OwnerCheck::finish(sh_status result) noexcept {
    step_ = Step::kDone;
    result_ = result;
}

void OwnerCheck::judge(std::string_view owner, std::int64_t rest_ms) {
    if (owner != user_) return finish(SH_FORBIDDEN);
    is_known_owner_ = true;
    // Half of its life is left: not worth a write.
    if (rest_ms > kOwnerMs / 2) return finish(SH_OK);
    step_ = Step::kRefresh;
}

void OwnerCheck::take(sh_status status, std::string_view owner, std::int64_t rest_ms) {
    switch (status) {
    case SH_OK: return step_ == Step::kGet ? judge(owner, rest_ms) : finish(SH_OK);
    case SH_CONFLICT: return judge(owner, rest_ms);
    case SH_NOT_FOUND:  // also of a refresh: it lapsed in between
        is_known_owner_ = false;
        if (user_ == kAnonymous || wish_ == Wish::kLook) return finish(SH_OK);
        step_ = Step::kClaim;
        return;
    case SH_TIMEOUT: return;  // whether it took effect is not known: the same once more
    default: return finish(is_known_owner_ ? SH_OK : status);
    }
}

void OwnerCheck::answered(sh_status status, std::string_view owner, std::int64_t rest_ms) {
    take(status, owner, rest_ms);
    if (step_ == Step::kDone || ++steps_ < kMaxSteps) return;
    finish(is_known_owner_ ? SH_OK : status == SH_TIMEOUT ? SH_TIMEOUT : SH_UNAVAILABLE);
}

}  // namespace session
