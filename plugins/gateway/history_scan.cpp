#include "history_scan.hpp"

#include <algorithm>

#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"

namespace gateway {

using streamhost::view;

namespace {

// {"kind":"message","id":...} as it is stored, to {"id":...} as it is answered.
std::string without_kind(std::string_view data) {
    constexpr std::string_view kPrefix = R"({"kind":"message",)";
    if (data.substr(0, kPrefix.size()) != kPrefix) return std::string(data);
    return "{" + std::string(data.substr(kPrefix.size()));
}

}  // namespace

void HistoryScan::open_window(std::uint64_t high) noexcept {
    high_ = high;
    low_ = high_ >= first_ + kWindow ? high_ - kWindow + 1 : first_;
    cursor_ = low_;
}

void HistoryScan::set_bounds(std::uint64_t first, std::uint64_t last) noexcept {
    first_ = std::max<std::uint64_t>(first, 1);
    open_window(last);
}

std::optional<sh_range> HistoryScan::next() const noexcept {
    // A window that was begun is finished: messages with a hole among them are no history.
    if (high_ < first_ || is_enough() || (is_spent() && cursor_ == low_)) return std::nullopt;
    return sh_range{sizeof(sh_range), static_cast<std::uint32_t>(high_ - cursor_ + 1), cursor_, kPageBytes};
}

void HistoryScan::take(std::span<const sh_record> records) {
    for (const sh_record& record : records) {
        ++read_entries_;
        read_bytes_ += record.data.size;
        if (record.type != SH_RECORD_MESSAGE || record.seq > high_) continue;
        const std::string_view data = view(record.data);
        keep({std::string(streamhost::own_member(data, "id")), without_kind(data)});
    }
    const std::uint64_t reached = records.empty() ? high_ : records.back().seq;
    if (reached >= high_) return finish_window();
    cursor_ = reached + 1;  // a page has a bound in bytes, too
}

// The oldest goes as soon as those behind it are more than one answer holds: finish_window() would not get to
// it.
void HistoryScan::keep(Message message) {
    if (is_past_before_) return;
    if (!has_found() && message.id == before_) {
        is_past_before_ = true;
        return;
    }
    window_bytes_ += message.json.size();
    window_.push_back(std::move(message));
    while (window_.size() > 2) {
        const std::size_t rest = window_bytes_ - window_.front().json.size();
        if (window_.size() - 1 <= limit_ && rest <= kMaxBytes) break;
        window_bytes_ = rest;
        window_.pop_front();
    }
}

void HistoryScan::finish_window() {
    is_found_ = is_found_ || is_past_before_;
    for (auto message = window_.rbegin(); has_found() && message != window_.rend() && !is_enough();
         ++message) {
        bytes_ += message->json.size();
        // What is over a bound is kept to know that there is more, and not answered.
        if (found_.size() == limit_ || (bytes_ > kMaxBytes && !found_.empty())) count_ = found_.size();
        found_.push_back(std::move(*message));
    }
    window_.clear();
    window_bytes_ = 0;
    is_past_before_ = false;
    open_window(low_ - 1);
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
