#include "redis/driver/repair.hpp"

#include <algorithm>
#include <utility>

#include "redis/driver/answer.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "redis/driver/records.hpp"

namespace streamhost::redis {

using store::Status;

namespace {

constexpr std::size_t kLooksPerRest = 512;
constexpr std::uint64_t kFirstStep = 8;

// Foreign data stays foreign, however often it is asked.
bool is_of_script(Status status) { return status == Status::kOk || status == Status::kConflict; }

// The end that somebody else than its producer gave a run is kept here, the run itself by its producer's
// node: until that one has sent it there is nothing that could end, and afterwards nobody would end it.
bool is_too_early(const Script& script, const Reply& reply) {
    if (&script != &lua::kFinish || reply.status != Status::kOk) return false;
    const auto status = status_in(reply.value[0]);
    return status == Status::kNoStream || status == Status::kGap;
}

// How far the master has a stream, as a script says that refuses a write to it.
std::uint64_t head_in(const Reply& reply) {
    const RespValue said = reply.value[2];
    if (said.is(RespType::kInteger)) return static_cast<std::uint64_t>(said.integer());
    const auto fields = parse_fields(said.text(), 0);
    return fields ? fields->info.head.seq : 0;
}

}  // namespace

void Repair::home(const std::string& name, UniqueFunction<void()> done) {
    Work& work = work_[name];
    ++begun_;
    work.done.push_back(std::move(done));
    work.until = keeper_.newest();
    if (work.state == State::kQueued) begin(name, work);
}

void Repair::all() {
    is_up_ = true;
    ++generation_;
    ++begun_;
    for (const std::string& name : keeper_.homes())
        work_.try_emplace(name);
    waiting_.clear();
    for (auto& [name, work] : work_) {
        work.until = keeper_.newest();
        if (work.state == State::kActive) continue;  // starts over when its batch is answered
        work.state = State::kQueued;
        waiting_.push_back(name);
    }
    next_homes();
}

void Repair::close() {
    for (auto& [name, work] : std::exchange(work_, {}))
        for (auto& done : work.done)
            context_.later(std::move(done));
    waiting_.clear();
    active_ = 0;
}

void Repair::next_homes() {
    while (active_ < kHomesAtOnce && !waiting_.empty()) {
        const std::string name = std::move(waiting_.front());
        waiting_.pop_front();
        const auto found = work_.find(name);
        if (found != work_.end() && found->second.state == State::kQueued) begin(name, found->second);
    }
}

void Repair::begin(const std::string& name, Work& work) {
    work.state = State::kActive;
    ++active_;
    if (std::exchange(work.generation, generation_) != generation_) {
        work.after = 0;
        work.sent = 0;
        work.failed.reset();
        work.rest_ms = kLeastRestMs;
        work.there.clear();
        if (ask(name, work)) return;
    }
    if (!send_batch(name, work)) context_.later([this, name] { end_batch(name); });
}

// False: there is nothing to ask for.
bool Repair::ask(const std::string& name, Work& work) {
    for (const Keeper::Numbered& newest : keeper_.newest_of(name, kBatch))
        if (!put(name, work, newest, 0)) break;
    return work.underway > 0;
}

bool Repair::put(const std::string& name, Work& work, const Keeper::Numbered& asked, std::uint64_t steps) {
    const auto done = [this, name, question = Question{asked.id, asked.number, asked.last, steps},
                       script = &asked.call.script()](const Reply& reply) {
        heard(name, question, *script, reply);
    };
    if (context_.send({name, kTimeoutMs}, asked.call, done) != store::Submit::kAccepted) return false;
    ++work.underway;
    return true;
}

void Repair::heard(const std::string& name, const Question& question, const Script& script,
                   const Reply& reply) {
    const auto found = work_.find(name);
    if (found == work_.end()) return;
    Work& work = found->second;
    const auto status = reply.status == Status::kOk ? status_in(reply.value[0]) : std::nullopt;
    if (status == Status::kOk || status == Status::kDuplicate) {
        work.there[question.id] = question.number;
        count(script, reply);
    } else if (status == Status::kGap || status == Status::kConflict) {
        ask_further(name, work, question, head_in(reply));
    }
    if (--work.underway == 0) end_batch(name);
}

// Steps grow, so that a stream which two nodes write, and which begins anew at the new master, costs a few.
void Repair::ask_further(const std::string& name, Work& work, const Question& question, std::uint64_t head) {
    if (work.generation != generation_ || question.last <= question.steps + 1) return;
    const std::uint64_t until = std::min(head, question.last - 1 - question.steps);
    if (const auto next = keeper_.newest_until(name, question.id, until))
        (void)put(name, work, *next, std::max(kFirstStep, question.steps * 2));
}

// False: there is nothing more to send.
bool Repair::send_batch(const std::string& name, Work& work) {
    work.sent = work.after;
    work.failed.reset();
    auto calls = keeper_.calls_of(name, work.after, kBatch);
    if (calls.empty() || calls.front().number > work.until) return false;
    const bool is_settled = context_.loop().now_ms() >= settled_ms_;
    for (auto& [number, id, last, call] : calls) {
        if (number > work.until) break;
        if (is_settled && &call.script() == &lua::kFinish) call.floor(0);
        const auto there = work.there.find(id);
        if (there != work.there.end() && number <= there->second) {
            work.sent = number;
            continue;
        }
        const auto heard = [this, name, number = number, script = &call.script()](const Reply& reply) {
            answered(name, number, *script, reply);
        };
        if (context_.send({name, kTimeoutMs}, call, heard) != store::Submit::kAccepted) {
            work.failed = number;
            break;
        }
        work.sent = number;
        ++work.underway;
    }
    if (work.underway == 0) context_.later([this, name] { end_batch(name); });
    return true;
}

void Repair::answered(const std::string& name, std::uint64_t number, const Script& script,
                      const Reply& reply) {
    const auto found = work_.find(name);
    if (found == work_.end()) return;
    Work& work = found->second;
    if (is_of_script(reply.status) && !is_too_early(script, reply))
        count(script, reply);
    else
        work.failed = std::min(number, work.failed.value_or(number));
    if (--work.underway == 0) end_batch(name);
}

void Repair::end_batch(const std::string& name) {
    const auto found = work_.find(name);
    if (found == work_.end()) return;
    Work& work = found->second;
    const bool is_old = work.generation != generation_;
    if (!is_old && !work.failed) {
        work.after = work.sent;
        work.rest_ms = kLeastRestMs;
        if (!send_batch(name, work)) finish(name);
        return;
    }
    --active_;
    if (is_old) {
        work.state = State::kQueued;
        waiting_.push_back(name);
    } else {
        rest(name, work);
    }
    next_homes();
}

void Repair::rest(const std::string& name, Work& work) {
    ++stops_;
    show_figures();
    work.state = State::kResting;
    work.after = *work.failed - 1;
    work.resume_at_ms = context_.loop().now_ms() + work.rest_ms;
    work.rest_ms = std::min(work.rest_ms * 2, kMostRestMs);
    context_.at(work.resume_at_ms, [this, name] { resume(name); });
}

// A write that is over goes: one that the server will never take must not stop the others for ever.
void Repair::resume(const std::string& name) {
    const std::int64_t now_ms = context_.loop().now_ms();
    const auto found = work_.find(name);
    if (found == work_.end() || found->second.state != State::kResting) return;
    if (!is_up_ || now_ms < found->second.resume_at_ms) return;
    keeper_.sweep(now_ms, kLooksPerRest);
    found->second.state = State::kQueued;
    waiting_.push_back(name);
    next_homes();
}

void Repair::finish(const std::string& name) {
    const auto found = work_.find(name);
    auto done = std::move(found->second.done);
    work_.erase(found);
    --active_;
    for (auto& each : done)
        each();
    next_homes();
}

void Repair::count(const Script& script, const Reply& reply) {
    // The same claim is answered alike, whether it was there or not.
    if (&script == &lua::kClaim) return;
    const bool is_new = reply.status == Status::kOk && status_in(reply.value[0]) == Status::kOk;
    if (!is_new) return;
    ++reapplied_;
    show_figures();
}

void Repair::show_figures() {
    KeeperBoard* const board = context_.keeper_board();
    if (board == nullptr) return;
    board->reapplied.store(reapplied_, std::memory_order_relaxed);
    board->stops.store(stops_, std::memory_order_relaxed);
}

}  // namespace streamhost::redis
