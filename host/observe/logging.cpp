#include "observe/logging.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "observe/log_writer.hpp"
#include "runtime/fault.hpp"
#include "runtime/gate.hpp"

namespace streamhost::observe {
namespace {

/// One start_logging() to its stop. Never freed: a thread may hold it for one more line at any time.
struct Session {
    explicit Session(const LoggingOptions& options)
        : format(options.format),
          node(options.node),
          fd(options.fd),
          writer(std::make_unique<LogWriter>(options.fd, options.queue_limit)) {}

    const LogFormat format;
    const std::string node;
    const int fd;
    runtime::CountedGate gate;  // closed: the writer is going away, write at once
    std::unique_ptr<LogWriter> writer;
};

struct State {
    std::mutex mutex;  // guards all but `current` and the counters
    LogLevels levels;
    std::vector<std::unique_ptr<detail::LogComponent>> components;
    std::vector<std::unique_ptr<Session>> sessions;
    LoggingStats ended;  // of sessions that are over
    std::atomic<Session*> current{nullptr};
    std::atomic<std::uint64_t> written_at_once{0};
    std::atomic<std::uint64_t> failed_at_once{0};
};

/// Leaked, so that lines from destructors of other statics have somewhere to go.
State& state() {
    static auto* const the = new State;
    return *the;
}

LogLevel level_of(const LogLevels& levels, std::string_view component) {
    for (;;) {
        const auto found = levels.components.find(component);
        if (found != levels.components.end()) return found->second;
        const auto dot = component.rfind('.');
        if (dot == std::string_view::npos) return levels.level;
        component = component.substr(0, dot);
    }
}

std::int64_t wall_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

detail::LogComponent* component_named(std::string_view name) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    for (const auto& component : all.components) {
        if (component->name == name) return component.get();
    }
    all.components.push_back(std::make_unique<detail::LogComponent>());
    detail::LogComponent& added = *all.components.back();
    added.name = name;
    added.level = level_of(all.levels, name);
    return &added;
}

std::string text_of(const Session& session, LogLine line) {
    line.node = session.node;
    return format_line(session.format, line);
}

void write_at_once(const Session* session, const LogLine& line) {
    State& all = state();
    const std::string text =
        session != nullptr ? text_of(*session, line) : format_line(LogFormat::text, line);
    const bool good = write_text(session != nullptr ? session->fd : 2, text) == text.size();
    (good ? all.written_at_once : all.failed_at_once).fetch_add(1, std::memory_order_relaxed);
}

void deliver(const LogLine& line) {
    Session* session = state().current.load(std::memory_order_acquire);
    if (session == nullptr || !session->gate.enter()) return write_at_once(session, line);
    session->writer->push(text_of(*session, line));
    session->gate.leave();
}

}  // namespace

void start_logging(const LoggingOptions& options) {
    set_log_levels(options.levels);
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const Session* before = all.current.load();
    if (before != nullptr && !before->gate.closed())
        return runtime::fault("start_logging", "already started");
    all.sessions.push_back(std::make_unique<Session>(options));
    all.current.store(all.sessions.back().get(), std::memory_order_release);
}

void set_log_levels(const LogLevels& levels) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    all.levels = levels;
    for (const auto& component : all.components)
        component->level = level_of(levels, component->name);
}

bool flush_logging(std::uint64_t timeout_ms) {
    Session* session = state().current.load(std::memory_order_acquire);
    if (session == nullptr || !session->gate.enter()) return true;
    const bool flushed = session->writer->flush(timeout_ms);
    session->gate.leave();
    return flushed;
}

bool stop_logging(std::uint64_t timeout_ms) {
    State& all = state();
    Session* session = all.current.load(std::memory_order_acquire);
    if (session == nullptr || session->gate.closed()) return true;
    session->gate.close();
    if (!session->gate.wait_empty(timeout_ms)) return false;
    const bool flushed = session->writer->flush(timeout_ms);
    const std::lock_guard lock(all.mutex);
    all.ended.written += session->writer->written();
    all.ended.write_errors += session->writer->write_errors();
    all.ended.dropped += session->writer->dropped();
    // A thread that hangs in write() can not be joined; it keeps its queue and the process ends without it.
    if (flushed) session->writer.reset();
    return flushed;
}

LoggingStats logging_stats() {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    LoggingStats sum = all.ended;
    sum.written += all.written_at_once.load(std::memory_order_relaxed);
    sum.write_errors += all.failed_at_once.load(std::memory_order_relaxed);
    Session* session = all.current.load(std::memory_order_acquire);
    if (session == nullptr || !session->gate.enter()) return sum;
    sum.written += session->writer->written();
    sum.write_errors += session->writer->write_errors();
    sum.dropped += session->writer->dropped();
    session->gate.leave();
    return sum;
}

void for_each_error_count(const std::function<void(std::string_view component, std::uint64_t errors)>& tell) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    for (const auto& component : all.components) {
        const std::uint64_t errors = component->errors.load(std::memory_order_relaxed);
        if (errors > 0) tell(component->name, errors);
    }
}

Log::Log(std::string_view component) : component_(component_named(component)) {}

void Log::write(LogLevel level, std::string_view message, std::span<const Field> fields) const noexcept {
    if (level == LogLevel::error) component_->errors.fetch_add(1, std::memory_order_relaxed);
    if (!enabled(level)) return;
    try {
        deliver({wall_now_ms(), level, component_->name, message, fields});
    } catch (...) {  // out of memory: the line is lost, its author is not
        state().failed_at_once.fetch_add(1, std::memory_order_relaxed);
    }
}

}  // namespace streamhost::observe
