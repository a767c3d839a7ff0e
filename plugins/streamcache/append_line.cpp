#include "append_line.hpp"

#include <utility>

namespace streamcache {

bool AppendLine::add(RemoteAppend append, std::int64_t now_ms) {
    if (waiting_.size() >= kMaxWaiting) return false;
    used_ms_ = now_ms;
    waiting_.push_back(std::move(append));
    return true;
}

std::optional<RemoteAppend> AppendLine::next() {
    if (is_busy_ || waiting_.empty()) return std::nullopt;
    is_busy_ = true;
    std::optional<RemoteAppend> first(std::move(waiting_.front()));
    waiting_.pop_front();
    return first;
}

std::optional<std::uint64_t> AppendLine::check_before(std::uint64_t seq) const noexcept {
    if (!at_ || at_->seq + 1 != seq) return std::nullopt;
    return at_->check;
}

void AppendLine::done(std::optional<sh_position> at) noexcept {
    is_busy_ = false;
    at_ = at;
}

void AppendLine::claimed(sh_position at, std::uint32_t lease_ms, std::int64_t now_ms) noexcept {
    at_ = at;
    lease_ms_ = lease_ms;
    used_ms_ = now_ms;
}

}  // namespace streamcache
