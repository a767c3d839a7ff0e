#include "namesake.hpp"

namespace session {

void Namesake::wrote(const std::optional<std::string>& before, std::int64_t now_ms) {
    if (signs_ > 0 && now_ms - seen_ms_ >= quiet_ms_) signs_ = 0;
    const bool is_sign = has_written_ && before && *before != self_;
    has_written_ = true;
    if (!is_sign) return;
    if (*before != other_) signs_ = 0;
    other_ = *before;
    ++signs_;
    seen_ms_ = now_ms;
}

}  // namespace session
