#include "store/memory/key_window.hpp"

#include <utility>

namespace streamhost::store::memory {
namespace {

constexpr std::uint64_t kNodeBytes = 64;  // table node, bucket, allocator

}  // namespace

const Remembered* KeyWindow::find(std::string_view key, std::int64_t oldest_ms) {
    forget_before(oldest_ms);
    const auto found = slots_.find(key);
    return found == slots_.end() ? nullptr : &found->second.answer;
}

void KeyWindow::add(std::string_view key, Remembered answer, std::size_t most) {
    while (slots_.size() >= most && !empty())
        forget_oldest();
    const auto [at, inserted] = slots_.try_emplace(std::string(key));
    if (!inserted) return;
    Slot& slot = at->second;
    slot.cost = sizeof(Slot) + sizeof(std::string) + key.size() + kNodeBytes;
    if (answer.note)
        slot.cost += sizeof(SendNote) + answer.note->content_hash.size() + answer.note->answer.size();
    slot.answer = std::move(answer);
    slot.key = &at->first;
    (newest_ ? newest_->newer : oldest_) = &slot;
    newest_ = &slot;
    cost_ += slot.cost;
}

void KeyWindow::forget_before(std::int64_t oldest_ms) {
    while (oldest_ && oldest_->answer.at_ms < oldest_ms)
        forget_oldest();
}

void KeyWindow::forget_oldest() {
    Slot* gone = oldest_;
    oldest_ = gone->newer;
    if (!oldest_) newest_ = nullptr;
    cost_ -= gone->cost;
    slots_.erase(*gone->key);
}

}  // namespace streamhost::store::memory
