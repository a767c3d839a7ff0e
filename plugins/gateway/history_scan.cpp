#include "history_scan.hpp"

#include <algorithm>

#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"

namespace gateway {

using streamhost::view;

namespace {

constexpr std::uint64_t kWindow = 512;
// One answer stays below what may wait for a reader; a single message may be larger and is answered alone.
constexpr std::size_t kMaxBytes = 192u << 10;

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
    if (high_ < first_ || is_enough()) return std::nullopt;
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
    for (auto message = window_.rbegin(); message != window_.rend() && !is_enough(); ++message) {
        if (has_found()) {
            bytes_ += message->json.size();
            // What is over a bound is kept to know that there is more, and not answered.
            if (found_.size() == limit_ || (bytes_ > kMaxBytes && !found_.empty())) count_ = found_.size();
            found_.push_back(std::move(*message));
        } else
            is_found_ = message->id == before_;
    }
    window_.clear();
    high_ = low_ - 1;
    low_ = high_ >= first_ + kWindow ? high_ - kWindow + 1 : first_;
    cursor_ = low_;
}

std::string HistoryScan::messages() const {
    std::string list;
    for (std::size_t left = count_.value_or(found_.size()); left-- > 0;) {
        list += found_[left].json;
        if (left > 0) list += ',';
    }
    return list;
}

std::string_view HistoryScan::next_before() const noexcept {
    return count_ ? std::string_view(found_[*count_ - 1].id) : std::string_view();
}

}  // namespace gateway
