#include "refills.hpp"

#include <algorithm>
#include <optional>

#include <simdjson.h>

#include "store_key.hpp"

namespace ratelimit {

using streamhost::bytes;
using streamhost::Host;

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

std::uint32_t count_nodes(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::array nodes;
    if (parser.parse(json.data(), json.size()).get(nodes) != simdjson::SUCCESS) return 1;
    return static_cast<std::uint32_t>(std::max<std::size_t>(1, nodes.size()));
}

Refills::Refills(Host& host, streamhost::Store store, Limiter& limiter, const Telemetry& telemetry)
    : host_(host), store_(store), limiter_(limiter), telemetry_(telemetry) {}

Moment Refills::moment() const {
    return {host_.monotonic_ms() * kNsPerMs, is_away_.load(std::memory_order_relaxed),
            nodes_.load(std::memory_order_relaxed)};
}

// One task for all that is asked until it runs. A loop that takes no task is asked again by the tick.
void Refills::ask(const std::vector<Question>& questions) {
    if (questions.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        queue_.insert(queue_.end(), questions.begin(), questions.end());
    }
    if (is_posted_.exchange(true)) return;
    if (host_.post(SH_ON_STORE, [this] { pump(); }) != SH_OK) is_posted_ = false;
}

bool Refills::next(Question& out) {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return false;
    out = std::move(queue_.front());
    queue_.pop_front();
    return true;
}

void Refills::pump() {
    is_posted_ = false;
    Question question;
    while (in_flight_ < kWindow && next(question))
        send(question);
}

void Refills::send(const Question& question) {
    const auto rules = limiter_.rules();
    const ActiveLimit* active = rules->find(question.limit);
    if (active == nullptr) return;  // its buckets go with the next sweep
    if (is_away_.load(std::memory_order_relaxed)) return fail(question);
    const std::string key = store_key(active->limit, question.key, rules->settings().prefixes);
    const Rate& rate = active->limit.rate;
    ++in_flight_;
    store_.run(
        &sh_store_ext::rate_take, [this, question](const sh_result& result) { answered(question, result); },
        bytes(key), static_cast<std::uint64_t>(rate.interval_ns), static_cast<std::uint32_t>(rate.burst),
        static_cast<std::uint32_t>(question.want));
}

void Refills::answered(const Question& question, const sh_result& result) {
    --in_flight_;
    telemetry_.asked(result.status == SH_OK);
    set_away(result.status != SH_OK);
    if (question.want == 0) return pump();  // forgotten: nobody waits for it
    if (result.status != SH_OK) {
        fail(question);
    } else if (const auto rules = limiter_.rules(); const ActiveLimit* active = rules->find(question.limit)) {
        owe(limiter_.buckets().answer(*active, question.key, static_cast<std::int64_t>(result.count),
                                      result.wait_ms * kNsPerMs, moment().now_ns),
            question);
    }
    pump();
}

void Refills::fail(const Question& question) {
    const auto rules = limiter_.rules();
    const ActiveLimit* active = rules->find(question.limit);
    if (active == nullptr) return;
    owe(limiter_.buckets().answer(*active, question.key, std::nullopt, 0, moment().now_ns), question);
}

// A bucket comes here after each answer at the most, and an answer comes when what stood here was asked.
void Refills::owe(std::int64_t at_ns, const Question& question) {
    if (at_ns > 0) debts_.emplace(at_ns, std::make_pair(question.limit, question.key));
}

void Refills::pay_debts() {
    const Moment now = moment();
    const auto rules = limiter_.rules();
    std::vector<Question> due;
    while (!debts_.empty() && debts_.begin()->first <= now.now_ns && due.size() < kWindow) {
        const auto [limit, key] = debts_.extract(debts_.begin()).mapped();
        const ActiveLimit* active = rules->find(limit);
        const std::int64_t want = active == nullptr ? 0 : limiter_.buckets().pay(*active, key, now);
        if (want > 0) due.push_back({limit, key, want});
    }
    ask(due);
}

// Without shared limits nobody needs to know, and the store is left in peace.
void Refills::look_at_nodes() {
    const std::int64_t now_ms = host_.monotonic_ms();
    if (is_looking_ || now_ms < look_at_ms_ || !limiter_.rules()->has_global()) return;
    look_at_ms_ = now_ms + kLookMs;
    is_looking_ = true;
    store_.run(&sh_store_ext::node_list, [this](const sh_result& result) {
        is_looking_ = false;
        set_away(result.status != SH_OK);
        if (result.status != SH_OK || result.body == nullptr) return;
        nodes_ = count_nodes(streamhost::body_of(result));
    });
}

void Refills::tick() {
    look_at_nodes();
    if (!is_away_.load(std::memory_order_relaxed)) pay_debts();
    pump();
    show_health();
}

void Refills::link(bool is_up) { set_away(!is_up); }

void Refills::set_away(bool is_away) { is_away_.store(is_away, std::memory_order_relaxed); }

void Refills::show_health() {
    const bool is_away = is_away_.load(std::memory_order_relaxed) && limiter_.rules()->has_global();
    if (std::exchange(was_away_, is_away) == is_away) return;
    telemetry_.show_store(is_away);
    host_.set_health("shared_limits", is_away ? SH_HEALTH_DEGRADED : SH_HEALTH_OK,
                     is_away ? "the store is away: this node keeps its share of the shared limits" : "");
}

}  // namespace ratelimit
