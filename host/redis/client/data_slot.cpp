#include "redis/client/data_slot.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "redis/command.hpp"
#include "redis/error_code.hpp"

namespace streamhost::redis {

namespace {

// Refusals without effect that pass by themselves, or with another master.
bool is_for_now(std::string_view error) {
    constexpr std::array<std::string_view, 7> kCodes = {"READONLY",    "LOADING", "MASTERDOWN", "TRYAGAIN",
                                                        "CLUSTERDOWN", "BUSY",    "NOREPLICAS"};
    return std::find(kCodes.begin(), kCodes.end(), error_code(error)) != kCodes.end();
}

}  // namespace

bool DataSlot::push(std::uint64_t order, std::string command, std::int64_t deadline_ms, CallDone done,
                    CallQueue::Repeat repeat) {
    if (!queue_.push(order, std::move(command), deadline_ms, std::move(done), repeat)) return false;
    if (!is_ready() && repeat == CallQueue::Repeat::kForbidden) queue_.disconnected();
    ++figures_.calls;
    return true;
}

void DataSlot::prepare() {
    std::string kill;
    const bool is_same_server = !used_run_id_.empty() && used_run_id_ == identity().run_id;
    if (is_same_server && used_id_ != 0) write_command(kill, "CLIENT", "KILL", "ID", used_id_);
    steps_left_ = preamble_.size() + (kill.empty() ? 0 : 1);
    if (!kill.empty()) prepare_step(kill, "kill");
    for (const std::string& command : preamble_)
        prepare_step(command, "preamble");
    if (steps_left_ == 0)
        become_ready();
    else if (connection() != nullptr)
        connection()->flush();
}

void DataSlot::prepare_step(std::string_view command, std::string_view what) {
    const bool is_put = send(command, [this, what](const LinkReply& reply) {
        if (reply.answer != LinkAnswer::kReply) return;
        const std::string_view text = reply.value.text();
        if (reply.value.is(RespType::kError) && !text.starts_with("ERR No such client")) {
            events().on_trouble(ReportLevel::kWarning, what,
                                "a command that prepares a connection was refused: " + std::string(text));
        }
        if (--steps_left_ == 0 && !is_down()) become_ready();
    });
    if (!is_put) close(LinkEnd::kRefused, "the preamble is larger than a connection may hold");
}

void DataSlot::on_down() {
    queue_.disconnected();
    if (!is_ready()) return;
    used_id_ = connection()->link().client_id();
    used_run_id_ = identity().run_id;
}

void DataSlot::flush() {
    for (int window = 0; window < kWindowsPerRound && is_ready(); ++window) {
        fill();
        connection()->flush();
        if (!is_ready() || !connection()->link().outgoing().empty() || !queue_.next(now())) return;
    }
    if (is_ready()) events().on_due();
}

void DataSlot::fill() {
    Link& link = connection()->link();
    while (link.outgoing().size() < kWindow) {
        const auto call = queue_.next(now());
        if (!call) return;
        const std::uint64_t id = call->id;
        if (!send(call->command, [this, id](const LinkReply& reply) { take(id, reply); })) return;
        if (call->is_repeat) ++figures_.repeats;
        queue_.sent(id);
    }
}

void DataSlot::take(std::uint64_t id, const LinkReply& reply) {
    if (reply.answer != LinkAnswer::kReply) return queue_.lost(id, reply.answer == LinkAnswer::kUnknown);
    if (reply.value.is(RespType::kError)) events().on_error(reply.value.text());
    if (reply.value.is(RespType::kError) && is_for_now(reply.value.text())) return hold(id, reply.value);
    refusals_.reset();
    if (CallDone done = queue_.answered(id)) done({CallEnd::kReply, reply.value});
}

void DataSlot::hold(std::uint64_t id, const RespValue& refusal) {
    if (now() >= held_until_ms_) held_until_ms_ = now() + 1 + refusals_.next_ms(events().random());
    if (CallDone done = queue_.refused(id, held_until_ms_)) done({CallEnd::kReply, refusal});
}

void DataSlot::on_time(std::int64_t now_ms) {
    end(queue_.expire(now_ms));
    if (is_ready() && queue_.next(now_ms)) events().on_due();
}

void DataSlot::refuse_unsent() { end(queue_.take_unsent()); }

void DataSlot::end_all() { end(queue_.take_all()); }

void DataSlot::end(std::vector<CallQueue::Ended> ended) {
    for (CallQueue::Ended& call : ended) {
        figures_.timeouts += call.end == CallEnd::kTimeout ? 1 : 0;
        figures_.unavailable += call.end == CallEnd::kUnavailable ? 1 : 0;
        call.done({call.end, {}});
    }
}

}  // namespace streamhost::redis
