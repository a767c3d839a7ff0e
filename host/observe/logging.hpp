#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "observe/log_line.hpp"

namespace streamhost::observe {

/// Which lines are written: a component's own level, else that of the longest prefix that ends before a dot
/// ("plugin" serves "plugin.chat"), else `level`.
struct LogLevels {
    LogLevel level = LogLevel::info;
    std::map<std::string, LogLevel, std::less<>> components;
};

struct LoggingOptions {
    LogFormat format = LogFormat::text;
    std::string node;  ///< as LogLine
    LogLevels levels;
    std::size_t queue_limit = 8'192;  ///< lines; over it the oldest is dropped and counted
    int fd = 2;                       ///< where lines go; stays the caller's
};

/// The problem: a slow disk or a full pipe must not stop a loop, and a line logged on the way down must not
/// be lost nor crash.
///
/// Between start_logging() and stop_logging() lines are formatted by their author and written by one thread
/// (spdlog's asynchronous logger, policy overrun_oldest). Before and after, they are written at once. Nothing
/// but a Log is needed to log; no type of the library behind shows here.
void start_logging(const LoggingOptions& options);           ///< [control] not while it is started
void set_log_levels(const LogLevels& levels);                ///< [control]
[[nodiscard]] bool flush_logging(std::uint64_t timeout_ms);  ///< [control] false: lines are left in the queue
[[nodiscard]] bool stop_logging(std::uint64_t timeout_ms);   ///< [control] the same, and ends the thread

struct LoggingStats {
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;       ///< overrun in the queue
    std::uint64_t write_errors = 0;  ///< lines that the descriptor did not take
};
[[nodiscard]] LoggingStats logging_stats();  ///< [any] since the start of the process

/// [any] Tells each component that has written a line of level error how many, since the start.
void for_each_error_count(const std::function<void(std::string_view component, std::uint64_t errors)>& tell);

namespace detail {
struct LogComponent {
    std::string name;
    std::atomic<LogLevel> level{LogLevel::info};
    std::atomic<std::uint64_t> errors{0};
};
}  // namespace detail

/// A component's pen; copies share one level. Any thread, any time, also before start_logging().
class Log {
public:
    /// A handful of names for the whole process, not one per connection: they are kept for ever.
    explicit Log(std::string_view component);

    /// One relaxed load. Ask before computing what only the line needs.
    [[nodiscard]] bool enabled(LogLevel level) const noexcept {
        return level >= component_->level.load(std::memory_order_relaxed);
    }
    void write(LogLevel level, std::string_view message, std::span<const Field> fields) const noexcept;

    using Fields = std::initializer_list<Field>;
    void debug(std::string_view message, Fields fields = {}) const { line(LogLevel::debug, message, fields); }
    void info(std::string_view message, Fields fields = {}) const { line(LogLevel::info, message, fields); }
    void warn(std::string_view message, Fields fields = {}) const { line(LogLevel::warn, message, fields); }
    void error(std::string_view message, Fields fields = {}) const { line(LogLevel::error, message, fields); }

private:
    void line(LogLevel level, std::string_view message, Fields fields) const noexcept {
        write(level, message, {fields.begin(), fields.size()});
    }
    detail::LogComponent* component_;
};

}  // namespace streamhost::observe
