#include "control/tickets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <utility>

#include "control/service_registry.hpp"
#include "runtime/fault.hpp"

namespace streamhost::control {
namespace {

constexpr std::uint32_t kIndexBits = 20;
constexpr std::uint32_t kChunkSlots = 1'024;

constexpr sh_ticket make_ticket(std::uint64_t generation, std::uint32_t index) {
    return generation << kIndexBits | index;
}
constexpr std::uint64_t generation_of(sh_ticket ticket) { return ticket >> kIndexBits; }
constexpr std::uint32_t index_of(sh_ticket ticket) {
    return static_cast<std::uint32_t>(ticket & ((std::uint64_t{1} << kIndexBits) - 1));
}

sh_result host_result(sh_status status, const char* detail) {
    sh_result result{};
    result.struct_size = sizeof result;
    result.status = status;
    std::snprintf(result.detail, sizeof result.detail, "%s", detail);
    return result;
}

/// Takes what the sender knew of; the rest reads as zero. Takes a reference of what it points to.
sh_result copy_result(const sh_result& from) {
    if (from.struct_size < offsetof(sh_result, first))
        return host_result(SH_INTERNAL, "the provider sent no answer");
    sh_result to{};
    std::memcpy(&to, &from, std::min<std::size_t>(from.struct_size, sizeof to));
    to.struct_size = sizeof to;
    to.detail[sizeof to.detail - 1] = '\0';
    if (to.body != nullptr) to.body->retain(to.body);
    if (to.batch != nullptr) to.batch->retain(to.batch);
    return to;
}

void release_result(sh_result& result) {
    if (result.body != nullptr) result.body->release(result.body);
    if (result.batch != nullptr) result.batch->release(result.batch);
    result = {};
}

}  // namespace

/// The word of a slot is generation << kPhaseBits | phase. While the slot is free or open again, the phase
/// also says how the generation before ended, to tell a late answer from a second one.
enum Tickets::Phase : std::uint64_t {
    kFreeAnswered = 0,  // free; the provider answered the last one, or there was none
    kFreeEnded = 1,     // free; the host answered the last one
    kOpenAnswered = 2,  // open; how the one before ended, likewise
    kOpenEnded = 3,
    kAnswered = 4,  // on its way to the asker, by the provider
    kEnded = 5,     // on its way to the asker, by the host
};
namespace {
constexpr std::uint32_t kPhaseBits = 3;
constexpr std::uint64_t kPhaseMask = (std::uint64_t{1} << kPhaseBits) - 1;
}  // namespace

/// What the walks look at, densely; atomics, because a walk may meet a slot in the middle of a change. It
/// acts only through the word, whose generation tells.
struct Tickets::Slot {
    std::atomic<std::uint64_t> word{std::uint64_t{1} << kPhaseBits};
    std::atomic<Instance*> asker{nullptr};
    std::atomic<const Instance*> provider{nullptr};
    std::atomic<std::uint64_t> due_ms{0};
    std::atomic<std::uint32_t> next_free{0};
};

/// Belongs to the opener until the slot is open, then to whoever answers.
struct Tickets::Body {
    std::uint64_t token = 0;
    sh_target target = 0;
    sh_result result{};
};

struct Tickets::Chunk {
    std::array<Slot, kChunkSlots> slots;
    std::array<Body, kChunkSlots> bodies;
};

struct Tickets::Place {
    std::uint32_t index = 0;
    Slot* slot = nullptr;
    Body* body = nullptr;
};

struct Tickets::Counters {
    std::atomic<std::uint64_t> opened{0}, refused{0}, expired{0}, gone{0}, late{0}, doubled{0}, lost{0};
};

Tickets::Tickets(Options options, Post post)
    : options_(options),
      post_(std::move(post)),
      chunks_(new std::atomic<Chunk*>[(options.capacity + kChunkSlots - 1) / kChunkSlots] {}),
      counters_(new Counters) {}

Tickets::~Tickets() {
    for (std::uint32_t first = 0; first < allocated_.load(); first += kChunkSlots) {
        delete chunks_[first / kChunkSlots].load();
    }
}

Tickets::Place Tickets::place(std::uint32_t index) const {
    Chunk& chunk = *chunks_[index / kChunkSlots].load(std::memory_order_acquire);
    return {index, &chunk.slots[index % kChunkSlots], &chunk.bodies[index % kChunkSlots]};
}

Tickets::Place Tickets::find(sh_ticket ticket) const {
    if (index_of(ticket) >= allocated_.load(std::memory_order_acquire)) return {};
    return place(index_of(ticket));
}

bool Tickets::grow(std::uint32_t& index) {
    const std::lock_guard lock(grow_mutex_);
    const std::uint32_t first = allocated_.load(std::memory_order_relaxed);
    if (first >= options_.capacity) return false;
    chunks_[first / kChunkSlots].store(new Chunk, std::memory_order_release);
    const auto end =
        static_cast<std::uint32_t>(std::min<std::size_t>(first + kChunkSlots, options_.capacity));
    allocated_.store(end, std::memory_order_release);
    for (std::uint32_t i = first + 1; i < end; ++i) {
        const Place at = place(i);
        std::uint64_t head = free_.load();
        do {
            at.slot->next_free.store(static_cast<std::uint32_t>(head));
        } while (!free_.compare_exchange_weak(head, ((head >> 32) + 1) << 32 | (i + 1)));
    }
    index = first;
    return true;
}

bool Tickets::take_free(std::uint32_t& index) {
    std::uint64_t head = free_.load();
    while (static_cast<std::uint32_t>(head) != 0) {
        const std::uint32_t first = static_cast<std::uint32_t>(head) - 1;
        const std::uint64_t next = place(first).slot->next_free.load();
        if (free_.compare_exchange_weak(head, ((head >> 32) + 1) << 32 | next)) {
            index = first;
            return true;
        }
    }
    return grow(index);
}

void Tickets::give_back(const Place& at, std::uint64_t generation, bool by_host) {
    at.slot->word.store((generation + 1) << kPhaseBits | (by_host ? kFreeEnded : kFreeAnswered));
    std::uint64_t head = free_.load();
    do {
        at.slot->next_free.store(static_cast<std::uint32_t>(head));
    } while (!free_.compare_exchange_weak(head, ((head >> 32) + 1) << 32 | (at.index + 1)));
}

bool Tickets::target_exists(sh_target target) const {
    return (target >= SH_ON_CONTROL && target <= SH_ON_LONG) ||
           (target >= SH_ON_LOOP_0 && target - SH_ON_LOOP_0 < options_.loop_count);
}

/// Counts first, then looks whether the asker is ending: asker_gone() closes first and waits for the count
/// then.
sh_status Tickets::reserve(InstanceUse& use, std::uint32_t& index) {
    const bool in_limit = use.tickets.fetch_add(1) < options_.per_asker;
    if (!use.tickets_closed.load() && in_limit && take_free(index)) return SH_OK;
    use.tickets.fetch_sub(1);
    if (use.tickets_closed.load()) return SH_GONE;
    counters_->refused.fetch_add(1, std::memory_order_relaxed);
    return SH_BUSY;
}

sh_status Tickets::open(Instance& asker, const Question& question, std::uint64_t now_ms, sh_ticket* out) {
    if (!target_exists(question.target)) return SH_INVALID;
    if (question.deadline_ms == 0 || question.deadline_ms > kMaxDeadlineMs) return SH_INVALID;
    if (!asker.takes_answers()) return SH_UNSUPPORTED;
    const Instance* const provider = question.provider == nullptr ? nullptr : provider_of(question.provider);
    if (question.provider != nullptr && provider == nullptr) return SH_UNAVAILABLE;
    std::uint32_t index = 0;
    if (const sh_status reserved = reserve(asker.use(), index); reserved != SH_OK) return reserved;

    const Place at = place(index);
    const std::uint64_t word = at.slot->word.load();
    const std::uint64_t generation = word >> kPhaseBits;
    at.body->token = question.token;
    at.body->target = question.target;
    at.slot->asker.store(&asker, std::memory_order_relaxed);
    at.slot->provider.store(provider, std::memory_order_relaxed);
    at.slot->due_ms.store(now_ms + question.deadline_ms, std::memory_order_relaxed);
    at.slot->word.store(generation << kPhaseBits |
                        ((word & kPhaseMask) == kFreeEnded ? kOpenEnded : kOpenAnswered));
    *out = make_ticket(generation, index);
    // On workers the provider may have ended since, and its end may have passed this slot before it was open.
    if (provider != nullptr && !in_round() && provider_of(question.provider) != provider &&
        take_back(at, generation)) {
        return SH_UNAVAILABLE;
    }
    counters_->opened.fetch_add(1, std::memory_order_relaxed);
    return SH_OK;
}

bool Tickets::take_back(const Place& at, std::uint64_t generation) {
    std::uint64_t word = at.slot->word.load();
    const std::uint64_t phase = word & kPhaseMask;
    if (word >> kPhaseBits != generation || (phase != kOpenAnswered && phase != kOpenEnded)) return false;
    if (!at.slot->word.compare_exchange_strong(word, generation << kPhaseBits | kEnded)) return false;
    Instance& asker = *at.slot->asker.load(std::memory_order_relaxed);
    give_back(at, generation, true);
    asker.use().tickets.fetch_sub(1);
    return true;
}

void Tickets::withdraw(const Instance& asker, sh_ticket ticket) {
    const Place at = find(ticket);
    if (ticket == 0 || at.slot == nullptr || at.slot->asker.load(std::memory_order_relaxed) != &asker) return;
    static_cast<void>(take_back(at, generation_of(ticket)));  // false: the answer is on its way already
}

/// True when this call is the one that answers.
bool Tickets::answer(const Place& at, std::uint64_t generation, const sh_result& result, bool by_host) {
    std::uint64_t word = at.slot->word.load();
    const std::uint64_t phase = word & kPhaseMask;
    if (word >> kPhaseBits != generation || (phase != kOpenAnswered && phase != kOpenEnded)) return false;
    if (!at.slot->word.compare_exchange_strong(word,
                                               generation << kPhaseBits | (by_host ? kEnded : kAnswered))) {
        return false;
    }
    at.body->result = copy_result(result);
    const std::uint32_t index = at.index;
    if (post_(at.body->target, runtime::Task([this, index] { deliver(index); }))) return true;
    counters_->lost.fetch_add(1, std::memory_order_relaxed);
    runtime::fault("ticket", "the target of an answer has ended before its asker");
    release_result(at.body->result);
    Instance& asker = *at.slot->asker.load(std::memory_order_relaxed);
    give_back(at, generation, by_host);
    asker.use().tickets.fetch_sub(1);
    return true;
}

/// On the asker's role. The asker lives: it is not destroyed before its count is zero.
void Tickets::deliver(std::uint32_t index) {
    const Place at = place(index);
    const std::uint64_t word = at.slot->word.load();
    Instance& asker = *at.slot->asker.load(std::memory_order_relaxed);
    asker.complete(at.body->token, at.body->result);
    release_result(at.body->result);
    give_back(at, word >> kPhaseBits, (word & kPhaseMask) == kEnded);
    asker.use().tickets.fetch_sub(1);
}

void Tickets::complete(Instance& by, sh_ticket ticket, const sh_result& result) {
    if (ticket == 0) return;
    const Place at = find(ticket);
    if (at.slot != nullptr && answer(at, generation_of(ticket), result, false)) return;
    if (at.slot != nullptr && !is_bug(at, generation_of(ticket))) {
        counters_->late.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    by.use().doubled_answers.fetch_add(1, std::memory_order_relaxed);
    counters_->doubled.fetch_add(1, std::memory_order_relaxed);
}

/// Why was it too late? After a deadline or an end it is bad luck; after an answer, or for a number that has
/// not been given out, the provider is wrong.
bool Tickets::is_bug(const Place& at, std::uint64_t generation) {
    const std::uint64_t word = at.slot->word.load();
    const std::uint64_t now = word >> kPhaseBits;
    const std::uint64_t phase = word & kPhaseMask;
    if (now == generation) return phase != kEnded;
    if (now == generation + 1) return phase == kFreeAnswered || phase == kOpenAnswered;
    return now < generation;
}

template <class Wanted>
std::size_t Tickets::answer_all(Wanted&& wanted, sh_status status, const char* detail) {
    const sh_result result = host_result(status, detail);
    std::size_t answered = 0;
    const std::uint32_t end = allocated_.load(std::memory_order_acquire);
    for (std::uint32_t index = 0; index < end; ++index) {
        const Place at = place(index);
        const std::uint64_t word = at.slot->word.load();
        const std::uint64_t phase = word & kPhaseMask;
        if ((phase != kOpenAnswered && phase != kOpenEnded) || !wanted(*at.slot)) continue;
        if (answer(at, word >> kPhaseBits, result, true)) ++answered;
    }
    return answered;
}

std::size_t Tickets::expire(std::uint64_t now_ms) {
    const std::size_t expired = answer_all(
        [now_ms](const Slot& slot) { return slot.due_ms.load(std::memory_order_relaxed) <= now_ms; },
        SH_TIMEOUT, "no answer by the deadline; the outcome is unknown");
    counters_->expired.fetch_add(expired, std::memory_order_relaxed);
    return expired;
}

std::size_t Tickets::provider_gone(const Instance& provider) {
    const std::size_t gone = answer_all(
        [&](const Slot& slot) { return slot.provider.load(std::memory_order_relaxed) == &provider; }, SH_GONE,
        "the provider was stopped before it answered; ask again");
    counters_->gone.fetch_add(gone, std::memory_order_relaxed);
    return gone;
}

std::size_t Tickets::asker_gone(Instance& asker) {
    asker.use().tickets_closed.store(true);
    const std::size_t gone =
        answer_all([&](const Slot& slot) { return slot.asker.load(std::memory_order_relaxed) == &asker; },
                   SH_GONE, "you are being stopped; the outcome is unknown");
    counters_->gone.fetch_add(gone, std::memory_order_relaxed);
    return gone;
}

Tickets::Stats Tickets::stats() const {
    const Counters& from = *counters_;
    const auto get = [](const std::atomic<std::uint64_t>& number) {
        return number.load(std::memory_order_relaxed);
    };
    return {get(from.opened), get(from.refused), get(from.expired), get(from.gone),
            get(from.late),   get(from.doubled), get(from.lost)};
}

std::size_t Tickets::allocated() const { return allocated_.load(std::memory_order_relaxed); }

}  // namespace streamhost::control
