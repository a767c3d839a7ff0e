#include "observe/log_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <poll.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

namespace streamhost::observe {

std::size_t write_text(int fd, std::string_view text) noexcept {
    constexpr int kWaitMs = 1'000;
    std::size_t taken = 0;
    while (taken < text.size()) {
        const auto count = ::write(fd, text.data() + taken, text.size() - taken);
        if (count >= 0) {
            taken += static_cast<std::size_t>(count);
            continue;
        }
        if (errno == EINTR) continue;
        pollfd writable{fd, POLLOUT, 0};
        if (errno != EAGAIN || ::poll(&writable, 1, kWaitMs) <= 0) break;
    }
    return taken;
}

/// Lines come formatted; what is left to do is to write and to count. Runs on spdlog's thread alone.
class LogWriter::Sink final : public spdlog::sinks::sink {
public:
    explicit Sink(int fd) : fd_(fd) {}

    void log(const spdlog::details::log_msg& message) override {
        const bool good = write({message.payload.data(), message.payload.size()});
        const std::lock_guard lock(mutex_);
        (good ? written_ : errors_).fetch_add(1, std::memory_order_relaxed);
        progress_.notify_all();
    }
    void flush() override {}
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    template <class Done>
    bool wait(std::uint64_t timeout_ms, Done done) {
        std::unique_lock lock(mutex_);
        return progress_.wait_for(lock, std::chrono::milliseconds(timeout_ms), done);
    }
    [[nodiscard]] std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t errors() const noexcept { return errors_.load(std::memory_order_relaxed); }

private:
    // A disk that was full took the beginning of a line. The next one begins a line of its own, or whoever
    // reads the log as JSON loses both.
    bool write(std::string_view line) {
        if (is_torn_ && write_text(fd_, "\n") == 0) return false;
        const std::size_t taken = write_text(fd_, line);
        is_torn_ = taken > 0 && taken < line.size();
        return taken == line.size();
    }

    const int fd_;
    bool is_torn_ = false;
    std::mutex mutex_;
    std::condition_variable progress_;
    std::atomic<std::uint64_t> written_{0};
    std::atomic<std::uint64_t> errors_{0};
};

struct LogWriter::Queue {
    // In this order: the pool goes first and joins its thread, so that the logger dies here and not there.
    std::shared_ptr<spdlog::async_logger> logger;
    std::shared_ptr<spdlog::details::thread_pool> pool;
};

LogWriter::LogWriter(int fd, std::size_t queue_limit)
    : sink_(std::make_shared<Sink>(fd)), queue_(std::make_unique<Queue>()) {
    queue_->pool = std::make_shared<spdlog::details::thread_pool>(std::max<std::size_t>(queue_limit, 1), 1);
    queue_->logger = std::make_shared<spdlog::async_logger>("streamhost", sink_, queue_->pool,
                                                            spdlog::async_overflow_policy::overrun_oldest);
    queue_->logger->set_level(spdlog::level::trace);
}

LogWriter::~LogWriter() = default;

void LogWriter::push(std::string_view line) {
    pushed_.fetch_add(1, std::memory_order_relaxed);
    queue_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

bool LogWriter::flush(std::uint64_t timeout_ms) {
    const std::uint64_t target = pushed_.load(std::memory_order_relaxed);
    return sink_->wait(timeout_ms, [&] { return sink_->written() + sink_->errors() + dropped() >= target; });
}

std::uint64_t LogWriter::written() const noexcept { return sink_->written(); }
std::uint64_t LogWriter::write_errors() const noexcept { return sink_->errors(); }
std::uint64_t LogWriter::dropped() const { return queue_->pool->overrun_counter(); }

}  // namespace streamhost::observe
