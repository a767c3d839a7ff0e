#include <algorithm>
#include <cassert>
#include <utility>

#include "delivery/loop_delivery.hpp"

namespace streamhost::delivery {

/// No cursor moves before the updates are in: a cursor attached in this message may start at a place that
/// only they show.
void LoopDelivery::apply(std::unique_ptr<LoopMessage> message) {
    gathered_ = nullptr;
    for (LoopMessage::Command& command : message->commands)
        std::visit([this, &message](auto& typed) { execute(typed, *message); }, command);
    for (const LogState& state : message->updates)
        update(state, *message);
    for (const auto& [ref, subscription] : std::exchange(fresh_, {})) {
        Reader* reader = reader_at(ref);
        Cursor* cursor = reader == nullptr ? nullptr : find_cursor(*reader, subscription);
        if (cursor != nullptr) settle(*cursor);
    }
}

void LoopDelivery::execute(OpenView& command, const LoopMessage& message) {
    const LogRef log = command.state.log;
    if (log.slot >= views_.size()) views_.resize(std::max<std::size_t>(log.slot + 1, views_.size() * 2));
    assert(views_[log.slot] == nullptr);
    views_[log.slot] = std::make_unique<LogView>(log);
    views_[log.slot]->publish(command.state, message.blocks);
    ++stats_.views;
}

void LoopDelivery::execute(CloseView& command, const LoopMessage&) {
    assert(view_at(command.log).cursors().empty());
    views_[command.log.slot].reset();
    --stats_.views;
}

void LoopDelivery::execute(DropCursors& command, const LoopMessage&) {
    LogView& view = view_at(command.log);
    while (!view.cursors().empty())
        fall(*view.cursors().back(), command.reason);
}

void LoopDelivery::execute(AttachCursor& command, const LoopMessage&) {
    LogView* view = command.plan->uses_log ? &view_at(command.plan->log) : nullptr;
    Reader* reader = reader_at(command.reader);
    if (reader == nullptr) {
        if (view != nullptr) report_->released.push_back({view->log()});
        return;
    }
    Cursor& cursor = cursor_of(*reader, command.subscription);
    std::vector<PlanStep> owed = cursor.unsent_answers();
    auto& steps = command.plan->steps;
    steps.insert(steps.begin(), std::make_move_iterator(owed.begin()), std::make_move_iterator(owed.end()));
    reader->remove_from_ring(cursor);
    leave_view(cursor);
    cursor.start(std::move(command.plan), view);
    cursor.ticket = command.ticket;
    if (view != nullptr) view->add(cursor);
    fresh_.emplace_back(command.reader, command.subscription);
}

void LoopDelivery::execute(DetachCursor& command, const LoopMessage&) {
    Reader* reader = reader_at(command.reader);
    Cursor* cursor = reader == nullptr ? nullptr : find_cursor(*reader, command.subscription);
    if (cursor != nullptr) park(*cursor);
}

void LoopDelivery::execute(ProbeView& command, const LoopMessage&) {
    LogView& view = view_at(command.log);
    view.probe = command.probe;
    view.probe_end = command.end;
    answer_probe(view);
}

void LoopDelivery::update(const LogState& state, const LoopMessage& message) {
    LogView& view = view_at(state.log);
    const BlockPos end = view.end();
    const bool trimmed = state.base > view.blocks().base();
    if (trimmed) {
        for (Cursor* cursor : view.cursors())
            cursor->before_trim(state.base);
    }
    view.publish(state, message.blocks);
    if (state.ts_ms > 0 && view.end() != end) fresh_times_.push_back(state.ts_ms);
    if (trimmed || view.end() == end)
        settle_all(view);
    else
        wake(view);
    answer_probe(view);
}

/// New frames and nothing else: all that waited have bytes now, and those on their way find them when they
/// get there.
void LoopDelivery::wake(LogView& view) {
    if (view.waiting == 0) return;
    for (Cursor* cursor : view.cursors()) {
        if (!std::exchange(cursor->waiting, false)) continue;
        cursor->reader().push_ring(*cursor);
        mark_dirty(cursor->reader());
    }
    view.waiting = 0;
}

void LoopDelivery::settle_all(LogView& view) {
    const std::vector<Cursor*> cursors = view.cursors();
    for (Cursor* cursor : cursors)
        settle(*cursor);
}

void LoopDelivery::answer_probe(LogView& view) {
    if (view.probe == 0 || !view.quiet()) return;
    report_->quiet.push_back({view.log(), std::exchange(view.probe, 0)});
}

}  // namespace streamhost::delivery
