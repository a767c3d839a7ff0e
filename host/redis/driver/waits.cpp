#include "redis/driver/waits.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/streams.hpp"

namespace streamhost::redis {

using store::Submit;

namespace {

// A line without waiters goes on listening for a while: who works through a queue comes back at once.
constexpr std::int64_t kLingerMs = 10'000;
// While the port takes nothing.
constexpr std::int64_t kBusyMs = 100;

}  // namespace

Waits::Waits(Context& context)
    : context_(context), random_(std::random_device{}()), self_(std::make_shared<Waits*>(this)) {}

Waits::~Waits() { *self_ = nullptr; }

std::int64_t Waits::jitter_ms(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
}

std::uint64_t Waits::wakes(const std::string& channel) const {
    const auto found = lines_.find(channel);
    return found == lines_.end() ? 0 : found->second->wakes;
}

Waits::Line& Waits::line_of(const std::string& channel) {
    auto& line = lines_[channel];
    if (!line) line = std::make_unique<Line>(channel);
    return *line;
}

void Waits::join(const std::string& channel, std::shared_ptr<Waiter> waiter, std::uint64_t wakes,
                 Asked first) {
    if (context_.closed()) return waiter->end();
    Line& line = line_of(channel);
    const bool is_first = line.waiters.empty() && !line.asking;
    due_.emplace(waiter->deadline_ms(), &line, waiter.get());
    line.waiters.push_back(std::move(waiter));
    line.last = std::move(first);
    if (is_first || context_.loop().now_ms() + line.last.again_in_ms < line.due_ms)
        set_due(line, line.last.again_in_ms);
    arm();
    if (!line.listens) return listen(line);
    if (line.wakes != wakes) ask(line);
}

void Waits::listen(Line& line) {
    if (std::exchange(line.is_subscribing, true)) return;
    const auto done = [weak = self_, channel = line.channel](const CallReply& reply) {
        const bool is_heard = reply.end == CallEnd::kReply && !reply.value.is(RespType::kError);
        if (*weak) (*weak)->listened(channel, is_heard);
    };
    if (context_.port().listen(ListenTo::kChannel, line.channel, store::kDefaultTimeoutMs, done) !=
        Submit::kAccepted)
        line.is_subscribing = false;
}

// What was published since the line asked is lost: it asks once more.
void Waits::listened(const std::string& channel, bool is_heard) {
    const auto found = lines_.find(channel);
    if (found == lines_.end() || context_.closed()) return;
    Line& line = *found->second;
    line.is_subscribing = false;
    line.listens = is_heard;
    if (!is_heard) return;
    ++line.wakes;
    ask(line);
}

void Waits::wake(std::string_view channel) {
    const auto found = lines_.find(std::string(channel));
    if (found == lines_.end()) return;
    ++found->second->wakes;
    ask(*found->second);
}

void Waits::wake_all() {
    for (auto& [channel, line] : lines_) {
        ++line->wakes;
        ask(*line);
    }
}

void Waits::ask(Line& line) {
    if (line.asking) {
        line.is_woken = true;
        return;
    }
    if (line.waiters.empty()) return;
    line.is_woken = false;
    line.asking = std::move(line.waiters.front());
    line.waiters.pop_front();
    const Submit submit = line.asking->ask([weak = self_, channel = line.channel](const Asked& said) {
        if (*weak) (*weak)->asked(channel, said);
    });
    if (submit == Submit::kAccepted) return;
    line.waiters.push_front(std::exchange(line.asking, nullptr));
    set_due(line, kBusyMs);
}

void Waits::asked(const std::string& channel, const Asked& said) {
    const auto found = lines_.find(channel);
    if (found == lines_.end()) return;
    Line& line = *found->second;
    const auto waiter = std::exchange(line.asking, nullptr);
    if (context_.closed()) {
        lines_.erase(found);
        if (!said.is_done) waiter->end();
        return;
    }
    if (!said.holder.empty()) line.last = said;
    const bool is_late = waiter->deadline_ms() <= context_.loop().now_ms();
    if (said.is_done || is_late)
        due_.erase({waiter->deadline_ms(), &line, waiter.get()});
    else
        line.waiters.push_front(waiter);
    settle(line, said.again_in_ms);
    if (!said.is_done && is_late) waiter->expire(Asked(line.last));
}

void Waits::settle(Line& line, std::int64_t again_in_ms) {
    if (line.waiters.empty()) return set_due(line, kLingerMs);
    set_due(line, again_in_ms);
    if (line.is_woken || again_in_ms == 0) ask(line);
}

void Waits::set_due(Line& line, std::int64_t in_ms) {
    due_.erase({line.due_ms, &line, nullptr});
    line.due_ms = context_.loop().now_ms() + in_ms;
    due_.emplace(line.due_ms, &line, nullptr);
    arm();
}

void Waits::arm() {
    if (due_.empty()) return;
    const std::int64_t at_ms = std::get<0>(*due_.begin());
    if (armed_ms_ != 0 && armed_ms_ <= at_ms) return;
    armed_ms_ = at_ms;
    context_.loop().post_at(at_ms, [weak = self_, at_ms] {
        if (*weak) (*weak)->on_time(at_ms);
    });
}

void Waits::on_time(std::int64_t at_ms) {
    if (at_ms != armed_ms_) return;  // an earlier one was armed after this
    armed_ms_ = 0;
    const std::int64_t now_ms = context_.loop().now_ms();
    while (!due_.empty() && std::get<0>(*due_.begin()) <= now_ms) {
        const Due due = *due_.begin();
        due_.erase(due_.begin());
        on_due(due);
    }
    arm();
}

void Waits::on_due(const Due& due) {
    const auto& [at_ms, line, waiter] = due;
    if (waiter) return expire(*line, *waiter);
    if (line->waiters.empty() && !line->asking) return forget(*line);
    if (!line->listens) listen(*line);
    set_due(*line, kLingerMs);  // an answer will say when
    if (!line->asking) ask(*line);
}

void Waits::expire(Line& line, Waiter& waiter) {
    if (line.asking.get() == &waiter) return;  // it may be given something yet: asked() looks at the time
    const auto at = std::find_if(line.waiters.begin(), line.waiters.end(),
                                 [&](const auto& standing) { return standing.get() == &waiter; });
    const auto kept = std::move(*at);
    line.waiters.erase(at);
    if (line.waiters.empty() && !line.asking) set_due(line, kLingerMs);
    kept->expire(Asked(line.last));
}

void Waits::forget(Line& line) {
    const Submit ignored = context_.port().unlisten(ListenTo::kChannel, line.channel,
                                                    store::kDefaultTimeoutMs, [](const CallReply&) {});
    static_cast<void>(ignored);  // at worst it hears what nobody waits for
    due_.erase({line.due_ms, &line, nullptr});
    lines_.erase(std::string(line.channel));
}

void Waits::end_all() {
    due_.clear();
    for (auto at = lines_.begin(); at != lines_.end();) {
        for (const auto& waiter : std::exchange(at->second->waiters, {}))
            waiter->end();
        at = at->second->asking ? std::next(at) : lines_.erase(at);
    }
}

}  // namespace streamhost::redis
