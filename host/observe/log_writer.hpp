#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

namespace streamhost::observe {

/// Writes `text` to fd, and says how many bytes it took. Waits up to a second for a descriptor that would
/// block. [any]
[[nodiscard]] std::size_t write_text(int fd, std::string_view text) noexcept;

/// The queue and the thread behind start_logging(), and the only file that knows spdlog.
class LogWriter {
public:
    LogWriter(int fd, std::size_t queue_limit);
    /// Joins the thread, which needs a descriptor that takes its lines: flush() first, and keep the object if
    /// that fails.
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    void push(std::string_view line);                      ///< [any] never blocks
    [[nodiscard]] bool flush(std::uint64_t timeout_ms);    ///< true when all pushed before are written
    [[nodiscard]] std::uint64_t written() const noexcept;  ///< taken by the descriptor
    [[nodiscard]] std::uint64_t write_errors() const noexcept;
    [[nodiscard]] std::uint64_t dropped() const;

private:
    class Sink;
    struct Queue;
    std::shared_ptr<Sink> sink_;
    std::unique_ptr<Queue> queue_;
    std::atomic<std::uint64_t> pushed_{0};
};

}  // namespace streamhost::observe
