#include "delivery/loop_delivery.hpp"

#include <utility>

namespace streamhost::delivery {

LoopDelivery::LoopDelivery(const LoopDeliveryOptions& options, StorePort& store)
    : options_(options), store_(store), report_(std::make_unique<LoopReport>()) {
    report_->loop = options.loop;
}

LoopDelivery::~LoopDelivery() = default;

void LoopDelivery::set_now(std::int64_t now_ms) { now_ms_ = now_ms; }

Reader& LoopDelivery::open(const ReaderOptions& options, void* user) {
    return readers_.create(*this, ++next_generation_, options, user);
}

void LoopDelivery::close(Reader& reader) {
    while (reader.cursors_ != nullptr)
        destroy(*reader.cursors_);
    unlink_stalling(reader);
    if (reader.dirty_) --dirty_count_;
    if (gathered_ == &reader) gathered_ = nullptr;
    readers_.destroy(reader.slot_);
}

Reader* LoopDelivery::reader_at(const ReaderRef& ref) {
    Reader* reader = readers_.find(ref.slot);
    return reader != nullptr && reader->generation_ == ref.generation ? reader : nullptr;
}

Cursor* LoopDelivery::find_cursor(Reader& reader, SubscriptionId subscription) {
    Cursor* cursor = reader.cursors_;
    while (cursor != nullptr && cursor->subscription() != subscription)
        cursor = cursor->next_of_reader;
    return cursor;
}

Cursor& LoopDelivery::cursor_of(Reader& reader, SubscriptionId subscription) {
    if (Cursor* known = find_cursor(reader, subscription); known != nullptr) return *known;
    Cursor& cursor = cursors_.create(reader, subscription);
    cursor.next_of_reader = std::exchange(reader.cursors_, &cursor);
    return cursor;
}

// ---- Cursors ----

void LoopDelivery::settle(Cursor& cursor) {
    Cursor::Stretch stretch;
    const Cursor::State state = cursor.peek(cursor.place, stretch);
    cursor.let_go_of_passed();
    switch (state) {
    case Cursor::State::kBytes:
        if (std::exchange(cursor.waiting, false)) --cursor.view->waiting;
        if (!cursor.in_ring) cursor.reader().push_ring(cursor);
        mark_dirty(cursor.reader());
        return;
    case Cursor::State::kWaiting: return wait(cursor);
    case Cursor::State::kLost: return fall(cursor, FallReason::kTrimmed);
    case Cursor::State::kDone: return finish(cursor);
    }
}

void LoopDelivery::wait(Cursor& cursor) {
    if (!std::exchange(cursor.waiting, true)) ++cursor.view->waiting;
    answer_probe(*cursor.view);
}

void LoopDelivery::tell(LoopReport::Event::Kind kind, const Cursor& cursor, FallReason reason) {
    const LogRef log = cursor.view != nullptr ? cursor.view->log() : LogRef{};
    report_->events.push_back(
        {kind, reason, log, cursor.reader().ref(), cursor.subscription(), cursor.ticket, cursor.position()});
}

void LoopDelivery::fall(Cursor& cursor, FallReason reason) {
    ++stats_.fell_off;
    tell(LoopReport::Event::Kind::kFellOff, cursor, reason);
    park(cursor);
}

void LoopDelivery::finish(Cursor& cursor) {
    if (cursor.parked) return destroy(cursor);
    if (cursor.plan != nullptr && cursor.plan->then == Plan::Then::kMore) {
        tell(LoopReport::Event::Kind::kWantsMore, cursor, FallReason::kTrimmed);
    } else {
        ++stats_.completed;
        tell(LoopReport::Event::Kind::kCompleted, cursor, FallReason::kTrimmed);
        completed_.emplace_back(cursor.reader().ref(), cursor.subscription());
    }
    destroy(cursor);
}

void LoopDelivery::park(Cursor& cursor) {
    auto answers = std::make_unique<ResolvedPlan>();
    answers->steps = cursor.unsent_answers();
    cursor.reader().remove_from_ring(cursor);
    leave_view(cursor);
    if (answers->steps.empty()) return destroy(cursor);
    cursor.start(std::move(answers), nullptr);
    cursor.parked = true;
    settle(cursor);
}

void LoopDelivery::leave_view(Cursor& cursor) {
    if (cursor.view == nullptr) return;
    LogView& view = *std::exchange(cursor.view, nullptr);
    if (std::exchange(cursor.waiting, false)) --view.waiting;
    view.remove(cursor);
    report_->released.push_back({view.log()});
}

void LoopDelivery::destroy(Cursor& cursor) {
    Reader& reader = cursor.reader();
    reader.remove_from_ring(cursor);
    leave_view(cursor);
    Cursor** link = &reader.cursors_;
    while (*link != &cursor)
        link = &(*link)->next_of_reader;
    *link = cursor.next_of_reader;
    cursors_.destroy(cursor.slot());
}

// ---- Who is due ----

void LoopDelivery::begin_gather(Reader& reader) {
    sources_.clear();
    gathered_ = &reader;
}

void LoopDelivery::mark_dirty(Reader& reader) {
    if (reader.blocked_ || std::exchange(reader.dirty_, true)) return;
    dirty_.push_back(reader.slot_);
    ++dirty_count_;
}

Reader* LoopDelivery::next_dirty() {
    while (!dirty_.empty()) {
        Reader* reader = readers_.find(dirty_.front());
        dirty_.pop_front();
        if (reader == nullptr || !std::exchange(reader->dirty_, false)) continue;
        --dirty_count_;
        return reader;
    }
    return nullptr;
}

std::size_t LoopDelivery::dirty_count() const { return dirty_count_; }

/// Readers with bytes left stand in the order of their last progress, so the first is the longest without
/// any.
void LoopDelivery::note_progress(Reader& reader, bool moved) {
    if (reader.empty()) return unlink_stalling(reader);
    if (reader.stalling_ && !moved) return;
    unlink_stalling(reader);
    reader.progress_ms_ = now_ms_;
    reader.stalling_ = true;
    reader.stall_before_ = stalling_last_;
    (stalling_last_ != nullptr ? stalling_last_->stall_after_ : stalling_first_) = &reader;
    stalling_last_ = &reader;
}

void LoopDelivery::unlink_stalling(Reader& reader) {
    if (!std::exchange(reader.stalling_, false)) return;
    Reader* before = std::exchange(reader.stall_before_, nullptr);
    Reader* after = std::exchange(reader.stall_after_, nullptr);
    (before != nullptr ? before->stall_after_ : stalling_first_) = after;
    (after != nullptr ? after->stall_before_ : stalling_last_) = before;
}

Reader* LoopDelivery::next_stalled() {
    Reader* first = stalling_first_;
    if (first == nullptr || now_ms_ - first->progress_ms_ < options_.stall_ms) return nullptr;
    unlink_stalling(*first);
    return first;
}

// ---- Reports ----

void LoopDelivery::on_completed(std::function<void(Reader&, SubscriptionId)> callback) {
    on_completed_ = std::move(callback);
}

void LoopDelivery::finish_round() {
    packer_.next_round();
    fresh_times_.clear();
    for (const auto& [ref, subscription] : std::exchange(completed_, {})) {
        Reader* reader = reader_at(ref);
        if (reader != nullptr && on_completed_) on_completed_(*reader, subscription);
    }
    if (report_->empty()) return;
    auto report = std::exchange(report_, std::make_unique<LoopReport>());
    report_->loop = options_.loop;
    store_.post(std::move(report));
}

LoopStats LoopDelivery::stats() const {
    LoopStats stats = stats_;
    stats.readers = readers_.size();
    stats.cursors = cursors_.size();
    stats.plain_bytes = packer_.plain_bytes();
    stats.packed_bytes = packer_.packed_bytes();
    return stats;
}

}  // namespace streamhost::delivery
