// The problem: a provider is faster than the store, or the store is away, and the text has to wait without a
// thread that spins and without a byte lost or torn. Turns a provider's bytes into entries, in order; holds
// the provider back when the streamcache is full. [worker] but for answered().
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "streamhost/abi/svc/streamcache.h"

#include "provider.hpp"
#include "utf8_carry.hpp"

namespace chat {

// Where entries go. `wants_answer`: call answered() on the writer when the store took it, or failed to.
class EntryPort {
public:
    EntryPort() = default;
    EntryPort(const EntryPort&) = delete;
    EntryPort& operator=(const EntryPort&) = delete;
    virtual ~EntryPort() = default;
    [[nodiscard]] virtual sh_status write(const sh_item& item, bool wants_answer) = 0;
    // Before the first entry.
    virtual void first_entry() = 0;
};

struct RunWriterOptions {
    std::chrono::milliseconds max_wait{30'000};  // for room; over it the run fails with `unavailable`
    // An answer is asked for this often, so that one is under way whenever the streamcache is full.
    std::uint32_t answer_each_entries = 16;
    std::size_t answer_each_bytes = 16u << 10;
};

class RunWriter : public Sink {
public:
    RunWriter(EntryPort& port, StopSignal& stop, RunWriterOptions options = {});

    [[nodiscard]] bool text(std::string_view piece) override;
    [[nodiscard]] bool part(std::string_view json) override;
    // After the last piece: what is carried goes out.
    [[nodiscard]] bool flush();
    // SH_OK, or why nothing more is taken: SH_CANCELLED (stopped), SH_TIMEOUT (no room), SH_FENCED ...
    [[nodiscard]] sh_status over() const noexcept { return over_; }

    // Handed over so far.
    [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }

    // An entry that wanted an answer has it. [any]
    void answered();

private:
    bool put_text(std::string_view whole);
    bool put(std::uint32_t type, std::string_view data);
    [[nodiscard]] bool wait_for_room(std::uint64_t seen, std::chrono::steady_clock::time_point deadline);

    EntryPort& port_;
    StopSignal& stop_;
    RunWriterOptions options_;
    Utf8Carry carry_;
    sh_status over_ = SH_OK;
    bool is_first_ = true;
    std::uint64_t entries_ = 0;
    std::uint32_t entries_since_ = 0;
    std::size_t bytes_since_ = 0;

    std::mutex mutex_;
    std::condition_variable room_;
    std::uint64_t asked_ = 0;  // guarded by mutex_, as the two below
    std::uint64_t answers_ = 0;
    bool interrupted_ = false;
};

}  // namespace chat
