#pragma once
// The engine of the memory driver. A command takes effect inside its call, because nothing else runs on the
// store loop; its answer waits in one queue with the live records, so that callers see the order and the
// "never inside the call" of a store over the network. The slots bound that queue: each write adds one batch
// of live records at most, and its answer behind it.

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "streamhost/unique_function.hpp"

#include "store/channels.hpp"
#include "store/memory/account.hpp"
#include "store/memory/memory_store.hpp"
#include "store/store_loop.hpp"

namespace streamhost::store::memory {

/// Which waiting commands to answer: those whose time is over, or all, with kGone.
enum class Waits : std::uint8_t { kDue, kAll };

/// [store]
class Core {
public:
    Core(const MemoryOptions& options, StoreLoop& loop, LiveSink& sink);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    [[nodiscard]] std::int64_t now() const { return loop_.now_ms(); }
    [[nodiscard]] const Limits& limits() const noexcept { return options_.limits; }
    [[nodiscard]] const MemoryOptions& options() const noexcept { return options_; }
    [[nodiscard]] LiveSink& sink() noexcept { return sink_; }

    /// Takes a slot, runs the command unless its shape is wrong, queues its answer. `Answer` owns what the
    /// result shows: it has `result.status` and `view()`.
    template <typename Answer, typename Done, typename Command>
    Submit run(Status shape, Done done, Command&& command) {
        if (const Submit slot = admit(); slot != Submit::kAccepted) return slot;
        Answer answer;
        if (shape == Status::kOk)
            answer = command();
        else
            answer.result.status = shape;
        reply(std::move(answer), std::move(done));
        return Submit::kAccepted;
    }

    /// For commands that wait: a slot now, reply() later.
    [[nodiscard]] Submit admit();

    template <typename Answer, typename Done>
    void reply(Answer answer, Done done) {
        if (answer.result.status == Status::kExhausted) ++refused_;
        enqueue([this, kept = std::move(answer), call = std::move(done)]() mutable {
            --in_flight_;
            call(kept.view());
        });
    }

    /// Something for the sink; dropped after shutdown.
    template <typename Event>
    void deliver(Event event) {
        enqueue([this, kept = std::move(event)]() mutable {
            if (!closed_) kept(sink_);
        });
    }

    /// Has `on_time` called once the clock has reached `at_ms`.
    void wake_at(std::int64_t at_ms);
    void set_on_time(UniqueFunction<void()> on_time) { on_time_ = std::move(on_time); }

    void close() noexcept { closed_ = true; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] std::uint64_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    Account account;

private:
    using Item = UniqueFunction<void()>;

    void enqueue(Item item);
    void schedule();
    void drain();
    void on_wake(std::int64_t at_ms);

    const MemoryOptions options_;
    StoreLoop& loop_;
    LiveSink& sink_;
    std::deque<Item> queue_;
    bool scheduled_ = false;
    bool closed_ = false;
    std::uint64_t in_flight_ = 0;
    std::uint64_t refused_ = 0;
    std::int64_t next_wake_ms_ = 0;  // 0: none armed
    UniqueFunction<void()> on_time_;
    std::shared_ptr<Core*> self_;  // tasks that outlive the store find nullptr
};

}  // namespace streamhost::store::memory
