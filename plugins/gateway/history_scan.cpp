#include "history_scan.hpp"

#include <algorithm>

#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"

namespace gateway {

using streamhost::view;

namespace {

constexpr std::uint64_t kWindow = 512;

// {"kind":"message","id":...} as it is stored, to {"id":...} as it is answered.
std::string without_kind(std::string_view data) {
    constexpr std::string_view kPrefix = R"({"kind":"message",)";
    if (data.substr(0, kPrefix.size()) != kPrefix) return std::string(data);
    return "{" + std::string(data.substr(kPrefix.size()));
}

}  // namespace

void HistoryScan::set_bounds(std::uint64_t first, std::uint64_t last) noexcept {
    first_ = std::max<std::uint64_t>(first, 1);
    high_ = last;
    low_ = high_ >= first_ + kWindow ? high_ - kWindow + 1 : first_;
    cursor_ = low_;
}

std::optional<sh_range> HistoryScan::next() const noexcept {
    if (high_ < first_ || found_.size() > limit_) return std::nullopt;
    return sh_range{sizeof(sh_range), static_cast<std::uint32_t>(high_ - cursor_ + 1), cursor_, 0};
}

void HistoryScan::take(std::span<const sh_record> records) {
    for (const sh_record& record : records) {
        if (record.type != SH_RECORD_MESSAGE || record.seq > high_) continue;
        window_.push_back(
            {std::string(streamhost::own_member(view(record.data), "id")), without_kind(view(record.data))});
    }
    const std::uint64_t reached = records.empty() ? high_ : records.back().seq;
    if (reached >= high_) return finish_window();
    cursor_ = reached + 1;  // a page has a bound in bytes, too
}

void HistoryScan::finish_window() {
    for (auto message = window_.rbegin(); message != window_.rend() && found_.size() <= limit_; ++message) {
        if (has_found())
            found_.push_back(std::move(*message));
        else
            is_found_ = message->id == before_;
    }
    window_.clear();
    high_ = low_ - 1;
    low_ = high_ >= first_ + kWindow ? high_ - kWindow + 1 : first_;
    cursor_ = low_;
}

std::string HistoryScan::messages() const {
    std::string list;
    for (std::size_t left = std::min<std::size_t>(found_.size(), limit_); left-- > 0;) {
        list += found_[left].json;
        if (left > 0) list += ',';
    }
    return list;
}

std::string_view HistoryScan::next_before() const noexcept {
    return found_.size() > limit_ ? std::string_view(found_[limit_ - 1].id) : std::string_view();
}

}  // namespace gateway
