// The problem: work that one node at a time should do, while nodes are paused, killed and cut off. A lease
// can always lapse under a holder that was paused, or be unknown to a master that took over, so exclusion
// only saves work; what must be safe compares the token, fence(), which rises with every grant of a name,
// over failovers too as long as the clocks of the servers agree to within the time that a failover takes.
//
// The holder counts its lease from the moment it sent the request, on the monotonic clock, and ends it 10 %
// and 50 ms early: it never believes longer than the store does. It renews at each third. (Gray and Cheriton,
// "Leases", 1989; Kleppmann, "How to do distributed locking", 2016.)
//
//     lock_.acquire([this](sh_status status, std::int64_t) { if (status == SH_OK) sweep(lock_.fence()); },
//                   [this](sh_status) { stop_sweeping(); });
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "streamhost/random.hpp"
#include "streamhost/store.hpp"

namespace streamhost {

struct LockOptions {
    std::string name;
    std::uint32_t lease_ms = 10'000;  // 500 to 3,600,000; how long others wait after this node died
    std::uint32_t wait_ms = 0;        // for whoever holds it now
};

// All of it on the store loop, but construction and, after stop(), destruction. A lock that is destroyed
// while held is told of no more, renewed no more, and lapses. [store]
class Lock {
public:
    // SH_OK: held. SH_HELD: another has it, for wait_ms more as far as known. Else what the store says.
    using Done = UniqueFunction<void(sh_status status, std::int64_t wait_ms)>;
    // Once per grant that was not released: SH_FENCED, another has it; SH_TIMEOUT, it could not be renewed;
    // SH_BUSY, this node has no timer left to renew it.
    using Lost = UniqueFunction<void(sh_status why)>;

    // Throws Failure when the host has no store or the lease is out of range. [control]
    Lock(Host& host, LockOptions options) : state_(std::make_shared<State>(host, std::move(options))) {}
    ~Lock() { state_->over(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    // `done` runs once, later. Throws Failure(SH_CONFLICT) when it is held or asked for already.
    void acquire(Done done, Lost on_lost) { state_->acquire(std::move(done), std::move(on_lost)); }
    // Compares the token: what another has by now stays. Nothing is told after it; a lock that is not held is
    // an answer too: SH_FENCED. An acquire() under way is answered SH_GONE. `done` runs once, later.
    void release(UniqueFunction<void(sh_status)> done) { state_->release(std::move(done)); }
    // Asked of the clock: false as soon as the lease is over, also before on_lost could run.
    [[nodiscard]] bool is_held() const { return state_->is_held(); }
    // Of the last grant; 0 before the first.
    [[nodiscard]] std::uint64_t fence() const noexcept { return state_->fence; }

private:
    struct State : std::enable_shared_from_this<State> {
        enum class Step { kFree = 1, kAsking, kConfirming, kHeld };

        State(Host& of, LockOptions given) : host(of), options(std::move(given)), store(of) {
            if (options.lease_ms < 500 || options.lease_ms > 3'600'000)
                throw Failure(SH_INVALID, "the lease of a lock is 500 to 3,600,000 ms");
        }

        void acquire(Done asked, Lost told) {
            if (step != Step::kFree) throw Failure(SH_CONFLICT, "this lock is held or asked for already");
            step = Step::kAsking;
            done = std::move(asked);
            on_lost = std::move(told);
            // Of this attempt alone: the store grants a repeat of the same owner the same token.
            const std::string owner = std::string(host.node_id()) + '-' + std::to_string(random_number());
            const std::int64_t sent_ms = host.monotonic_ms();
            const auto tell = [self = shared_from_this(), mine = ++turn, sent_ms](const sh_result& result) {
                if (mine == self->turn) return self->granted(result, sent_ms);
                // Nobody wants it any more; others need not wait for its lease.
                if (result.status == SH_OK) self->give_back(result.fence, [](const sh_result&) {});
            };
            store.run(&sh_store_ext::lock, tell, bytes(options.name), bytes(owner), options.lease_ms,
                      options.wait_ms);
        }

        void granted(const sh_result& result, std::int64_t sent_ms) {
            if (result.status != SH_OK) return answer(result.status, result.wait_ms);
            fence = result.fence;
            count_from(sent_ms);
            // Having waited for another holder, little or nothing is left by our own count.
            if (host.monotonic_ms() < renew_ms) return hold();
            step = Step::kConfirming;
            renew();
        }

        void hold() {
            step = Step::kHeld;
            answer(watch() ? SH_OK : SH_BUSY, 0);
        }

        void renew() {
            is_renewing = true;
            const std::int64_t sent_ms = host.monotonic_ms();
            const auto tell = [self = shared_from_this(), mine = turn, sent_ms](const sh_result& result) {
                if (mine == self->turn) self->renewed(result.status, sent_ms);
            };
            store.run(&sh_store_ext::lock_renew, tell, bytes(options.name), fence, options.lease_ms);
        }

        void renewed(sh_status status, std::int64_t sent_ms) {
            is_renewing = false;
            if (status == SH_OK) count_from(sent_ms);
            const bool is_late = host.monotonic_ms() >= end_ms;
            if (step == Step::kConfirming) {
                if (status == SH_OK && !is_late) return hold();
                return answer(status == SH_OK ? SH_TIMEOUT : status, 0);
            }
            if (status == SH_FENCED || is_late) return lose(status == SH_FENCED ? SH_FENCED : SH_TIMEOUT);
            if (status != SH_OK) renew_ms = host.monotonic_ms() + third();
            if (!watch()) lose(SH_BUSY);
        }

        // Until the next renewal is due or the lease is over, whatever is first. False: there is no timer.
        [[nodiscard]] bool watch() {
            const std::int64_t next_ms = is_renewing ? end_ms : std::min(renew_ms, end_ms);
            const auto delay_ms = std::max<std::int64_t>(1, next_ms - host.monotonic_ms());
            const auto look = [self = shared_from_this(), mine = ++watched] {
                if (mine == self->watched) self->look();
            };
            return host.after(SH_ON_STORE, static_cast<std::uint64_t>(delay_ms), look) == SH_OK;
        }

        void look() {
            const std::int64_t now_ms = host.monotonic_ms();
            if (now_ms >= end_ms) return lose(SH_TIMEOUT);
            if (now_ms >= renew_ms && !is_renewing) renew();
            // A renewal that was refused at once may have ended it.
            if (step == Step::kHeld && !watch()) lose(SH_BUSY);
        }

        void lose(sh_status why) {
            over();
            if (auto tell = std::exchange(on_lost, {})) tell(why);
        }

        void answer(sh_status status, std::int64_t wait_ms) {
            if (status != SH_OK) over();
            if (auto tell = std::exchange(done, {})) tell(status, wait_ms);
        }

        void release(UniqueFunction<void(sh_status)> released) {
            const bool was_held = step == Step::kHeld || step == Step::kConfirming;
            over();
            on_lost = {};
            auto told = [asked = std::exchange(done, {}),
                         released = std::move(released)](const sh_result& result) mutable {
                if (asked) asked(SH_GONE, 0);
                if (released) released(result.status);
            };
            if (was_held) return give_back(fence, std::move(told));
            host.command([](std::uint64_t) { return SH_FENCED; }, std::move(told));
        }

        void give_back(std::uint64_t granted, Host::Answer told) {
            store.run(&sh_store_ext::lock_release, std::move(told), bytes(options.name), granted);
        }

        // Answers and timers of this grant find that it is over.
        void over() noexcept {
            step = Step::kFree;
            is_renewing = false;
            ++turn;
            ++watched;
        }

        void count_from(std::int64_t sent_ms) {
            const std::int64_t lease_ms = options.lease_ms;
            end_ms = sent_ms + lease_ms - lease_ms / 10 - 50;
            renew_ms = sent_ms + third();
        }
        [[nodiscard]] std::int64_t third() const { return options.lease_ms / 3; }
        [[nodiscard]] bool is_held() const { return step == Step::kHeld && host.monotonic_ms() < end_ms; }

        Host& host;
        const LockOptions options;
        Store store;
        Step step = Step::kFree;
        Done done;
        Lost on_lost;
        std::uint64_t fence = 0;
        std::int64_t end_ms = 0;    // the lease, as we count it
        std::int64_t renew_ms = 0;  // when to renew it next
        std::uint64_t turn = 0;     // of acquire: what belongs to a former one is stale
        std::uint64_t watched = 0;  // of the timer, likewise
        bool is_renewing = false;
    };

    std::shared_ptr<State> state_;
};

}  // namespace streamhost
