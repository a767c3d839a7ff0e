#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "streamhost/abi/ext/async.h"

#include "control/instance.hpp"
#include "control/quiescence.hpp"

namespace streamhost::control {

/// The problem: an answer that comes later may come never, twice, after the asker is gone, or from a provider
/// that was replaced meanwhile. The asker must hear exactly once, on the role it named, whatever happens.
///
/// A bounded slab of tickets. The slot is reserved when the ticket is opened, so an answer always has room.
/// Who moves a slot from open to answered answers it: the provider, the deadline, or the end of provider or
/// asker; all others come too late. A generation in the ticket number tells an old number from the slot's
/// present use.
///
/// Opening and answering take no lock (free list: Treiber's stack with a tag). The ends of instances and
/// deadlines are found by walking the slots in use: rare, and cheap beside what they end.
class Tickets {
public:
    struct Options {
        std::size_t capacity = 65'536;     ///< tickets open at once; at most 2^20
        std::uint32_t per_asker = 32'768;  ///< of one instance: one plugin cannot take all
        std::uint32_t loop_count = 0;      ///< for the check of targets
    };
    static constexpr std::uint32_t kMaxDeadlineMs = 600'000;

    Tickets(Options options, Post post);
    ~Tickets();
    Tickets(const Tickets&) = delete;
    Tickets& operator=(const Tickets&) = delete;

    struct Question {
        sh_target target = 0;
        std::uint64_t token = 0;
        const sh_lease* provider = nullptr;  ///< may be null: nobody's end answers it, the deadline does
        std::uint32_t deadline_ms = 0;
    };
    /// [any] SH_INVALID: target or deadline. SH_UNSUPPORTED: the asker has no complete(). SH_UNAVAILABLE: the
    /// lease has no provider now. SH_BUSY: at a limit. SH_GONE: the asker is being stopped. Else the answer
    /// will come.
    [[nodiscard]] sh_status open(Instance& asker, const Question& question, std::uint64_t now_ms,
                                 sh_ticket* out);
    void withdraw(const Instance& asker, sh_ticket ticket);                  ///< [any] nothing is delivered
    void complete(Instance& by, sh_ticket ticket, const sh_result& result);  ///< [any] 0 is ignored

    /// [control] or any one thread: answers SH_TIMEOUT to what is due; call it each 10 to 100 ms. Returns how
    /// many.
    std::size_t expire(std::uint64_t now_ms);
    std::size_t provider_gone(const Instance& provider);  ///< [control] its open tickets are answered SH_GONE
    /// [control] No new tickets; open ones are answered SH_GONE. Repeat until asker.use().tickets is 0: then
    /// all are delivered.
    std::size_t asker_gone(Instance& asker);

    struct Stats {
        std::uint64_t opened = 0;
        std::uint64_t refused = 0;  ///< SH_BUSY
        std::uint64_t expired = 0;
        std::uint64_t gone = 0;     ///< answered by the end of provider or asker
        std::uint64_t late = 0;     ///< a provider's answer after the host had answered
        std::uint64_t doubled = 0;  ///< a second answer, or one that nobody asked for: a bug of the provider
        std::uint64_t lost = 0;     ///< the target had ended: a bug of the host
    };
    [[nodiscard]] Stats stats() const;  ///< [any]
    [[nodiscard]] std::size_t allocated()
        const;  ///< [any] slots made so far; grows by chunks up to the capacity

private:
    enum Phase : std::uint64_t;
    struct Slot;
    struct Body;
    struct Chunk;
    struct Place;  // a slot with its index and its body

    [[nodiscard]] Place place(std::uint32_t index) const;
    [[nodiscard]] Place find(sh_ticket ticket) const;  // null slot: no such number was ever given out
    [[nodiscard]] bool take_free(std::uint32_t& index);
    [[nodiscard]] bool grow(std::uint32_t& index);
    [[nodiscard]] sh_status reserve(InstanceUse& use, std::uint32_t& index);
    void give_back(const Place& at, std::uint64_t generation, bool by_host);
    [[nodiscard]] bool target_exists(sh_target target) const;
    [[nodiscard]] bool answer(const Place& at, std::uint64_t generation, const sh_result& result,
                              bool by_host);
    void deliver(std::uint32_t index);
    [[nodiscard]] static bool is_bug(const Place& at, std::uint64_t generation);
    [[nodiscard]] bool take_back(const Place& at, std::uint64_t generation);
    template <class Wanted>
    std::size_t answer_all(Wanted&& wanted, sh_status status, const char* detail);

    const Options options_;
    const Post post_;
    std::unique_ptr<std::atomic<Chunk*>[]> chunks_;
    std::atomic<std::uint32_t> allocated_{0};
    std::mutex grow_mutex_;
    std::atomic<std::uint64_t> free_{0};  // tag << 32 | index + 1

    struct Counters;
    std::unique_ptr<Counters> counters_;
};

}  // namespace streamhost::control
