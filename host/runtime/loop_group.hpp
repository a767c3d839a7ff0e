#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/loop.hpp"

namespace streamhost::runtime {

/// Which thread has the store role.
enum class StorePlacement : std::uint8_t {
    automatic =
        1,  ///< one I/O loop: that one, no hop between receiving and sending; more: a thread of its own
    first_loop,
    own_thread,
};

struct LoopGroupOptions {
    std::size_t loops = 1;  ///< I/O loops, at least one
    StorePlacement store = StorePlacement::automatic;
    LoopOptions loop;  ///< of each; name, index and roles are set by the group
};

/// The problem: N loops, each on its own thread, must start, stop and be reached as one, and a stop that
/// hangs must say which of them hangs.
///
/// Owns the loops and their threads. The functions without a tag may be called from any thread.
class LoopGroup {
public:
    LoopGroup(const Clock& clock, const LoopGroupOptions& options);
    ~LoopGroup();  ///< stops; aborts, naming it, when a loop does not end
    LoopGroup(const LoopGroup&) = delete;
    LoopGroup& operator=(const LoopGroup&) = delete;

    void start();  ///< [control] once; throws std::system_error when a thread can not be made

    struct StopReport {
        std::vector<std::string> stuck;  ///< loops that are still inside a round; their threads live on
        std::size_t tasks_dropped = 0;
        std::size_t fds_left = 0;
    };
    /// [control] Gives the loops grace_ms to finish accepted tasks, and a second to come back from a handler.
    /// May be called again after a report with stuck loops.
    StopReport stop(std::uint64_t grace_ms);

    [[nodiscard]] std::size_t size() const noexcept { return io_count_; }  ///< I/O loops
    [[nodiscard]] Loop& loop(std::size_t index) const { return *members_.at(index)->loop; }
    [[nodiscard]] Loop& store_loop() const noexcept { return *members_[store_index_]->loop; }
    /// I/O loops, then the store loop if it has a thread of its own.
    [[nodiscard]] std::size_t all_size() const noexcept { return members_.size(); }
    [[nodiscard]] Loop& any_loop(std::size_t index) const { return *members_.at(index)->loop; }

private:
    struct Member {
        std::unique_ptr<Loop> loop;
        std::thread thread;
        bool ended = false;  // guarded by mutex_, as is report
        Loop::StopReport report;
    };
    void add(const Clock& clock, LoopOptions options, std::string name, Roles roles);
    void run(Member& member);
    [[nodiscard]] bool all_ended() const;

    std::size_t io_count_;
    std::size_t store_index_ = 0;
    std::vector<std::unique_ptr<Member>> members_;
    std::mutex mutex_;
    std::condition_variable ended_;
};

}  // namespace streamhost::runtime
