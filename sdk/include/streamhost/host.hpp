// The host as a plugin author sees it: log, post, timers, metrics, services, answers. One per plugin
// instance.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/async.h"
#include "streamhost/abi/ext/log.h"
#include "streamhost/abi/ext/metrics.h"
#include "streamhost/abi/ext/node.h"
#include "streamhost/abi/ext/task.h"
#include "streamhost/abi/host.h"
#include "streamhost/bytes.hpp"
#include "streamhost/closures.hpp"
#include "streamhost/result.hpp"
#include "streamhost/service.hpp"
#include "streamhost/status.hpp"
#include "streamhost/timers.hpp"
#include "streamhost/trace_context.hpp"

namespace streamhost {

using LogFields = std::initializer_list<std::pair<const char*, std::string_view>>;
using Labels = std::initializer_list<std::pair<const char*, const char*>>;

// A metric of the host's registry; cheap to copy, a default one counts nothing. [any]
class Metric {
public:
    Metric() = default;
    Metric(const sh_metrics_ext* ext, sh_metric* metric) : ext_(ext), metric_(metric) {}
    void add(double value = 1) const {
        if (metric_ != nullptr) ext_->add(metric_, value);
    }
    void set(double value) const {
        if (metric_ != nullptr) ext_->set(metric_, value);
    }

private:
    const sh_metrics_ext* ext_ = nullptr;
    sh_metric* metric_ = nullptr;
};

class Host {
public:
    using Task = UniqueFunction<void()>;
    using Answer = UniqueFunction<void(const sh_result&)>;

    // Throws Failure(SH_UNSUPPORTED) when this host lacks a capability that every host of the major has.
    explicit Host(const sh_host* host)
        : host_(host),
          log_(require<sh_log_ext>(SH_EXT_LOG)),
          task_(require<sh_task_ext>(SH_EXT_TASK)),
          async_(require<sh_async_ext>(SH_EXT_ASYNC)),
          service_(require<sh_service_ext>(SH_EXT_SERVICE)),
          metrics_(require<sh_metrics_ext>(SH_EXT_METRICS)),
          node_(require<sh_node_ext>(SH_EXT_NODE)) {}
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    [[nodiscard]] const sh_host* raw() const noexcept { return host_; }

    // NULL when this host does not have it. [any]
    template <typename Table>
    [[nodiscard]] const Table* find(const char* id) const {
        return static_cast<const Table*>(host_->extension(host_, id));
    }
    template <typename Table>
    [[nodiscard]] const Table* require(const char* id) const {
        if (const auto* table = find<Table>(id)) return table;
        throw Failure(SH_UNSUPPORTED,
                      std::string("this host lacks ") + id + "; a newer streamhost is needed");
    }

    // --- log. [any]. With a `trace` the line says which one it belongs to: trace_id, span_id.
    void debug(std::string_view text, LogFields fields = {}, const TraceContext* trace = nullptr) const {
        write(SH_LOG_DEBUG, text, fields, trace);
    }
    void info(std::string_view text, LogFields fields = {}, const TraceContext* trace = nullptr) const {
        write(SH_LOG_INFO, text, fields, trace);
    }
    void warn(std::string_view text, LogFields fields = {}, const TraceContext* trace = nullptr) const {
        write(SH_LOG_WARN, text, fields, trace);
    }
    void error(std::string_view text, LogFields fields = {}, const TraceContext* trace = nullptr) const {
        write(SH_LOG_ERROR, text, fields, trace);
    }

    // --- tasks and timers. [any]
    [[nodiscard]] std::uint32_t loop_count() const noexcept { return task_->loop_count; }
    [[nodiscard]] std::int64_t monotonic_ms() const { return task_->monotonic_ms(host_); }
    [[nodiscard]] std::int64_t wall_ms() const { return task_->wall_ms(host_); }
    [[nodiscard]] sh_target current() const { return task_->current(host_); }

    // Runs `task` once on `target`, never inside this call. SH_BUSY: not taken.
    [[nodiscard]] sh_status post(sh_target target, Task task) {
        const std::uint64_t number = once_.put(std::move(task)) << 1;
        const sh_status status = task_->post(host_, target, number);
        if (status != SH_OK) once_.drop(number >> 1);
        return status;
    }
    [[nodiscard]] sh_status after(sh_target target, std::uint64_t delay_ms, Task task,
                                  sh_handle* timer = nullptr) {
        return start_timer(target, delay_ms, 0, std::move(task), timer);
    }
    // Until stop() or cancel().
    [[nodiscard]] sh_status every(sh_target target, std::uint64_t period_ms, Task task,
                                  sh_handle* timer = nullptr) {
        return start_timer(target, period_ms, period_ms, std::move(task), timer);
    }
    // Also when it has fired already. What the closure holds is let go.
    void cancel(sh_handle timer) {
        task_->cancel_timer(host_, timer);
        timers_.drop(timer);
    }

    // --- metrics. [control] [worker]
    [[nodiscard]] Metric counter(const char* name, const char* help, Labels labels = {}) const {
        return metric(SH_METRIC_COUNTER, name, help, labels, {});
    }
    [[nodiscard]] Metric gauge(const char* name, const char* help, Labels labels = {}) const {
        return metric(SH_METRIC_GAUGE, name, help, labels, {});
    }
    [[nodiscard]] Metric histogram(const char* name, const char* help, const std::vector<double>& buckets,
                                   Labels labels = {}) const {
        return metric(SH_METRIC_HISTOGRAM, name, help, labels, buckets);
    }

    // --- services. [control]
    template <typename Table>
    void provide(const char* id, const Table* table, void* self) const {
        if (const sh_status status = service_->provide(host_, id, table, self); status != SH_OK)
            throw Failure(status, std::string("the host refused service ") + id);
    }
    template <typename Table>
    [[nodiscard]] Lease<Table> acquire(const char* id) const {
        return {service_, service_->acquire(host_, id)};
    }
    template <typename Table>
    [[nodiscard]] Lease<Table> expose(const Table* table, void* self) const {
        return {service_, service_->expose(host_, table, self)};
    }
    // A lease that came from another plugin as a pointer.
    template <typename Table>
    [[nodiscard]] Lease<Table> lease(const sh_lease* given) const {
        return {service_, given};
    }

    // Calls an asynchronous function of another plugin: body(table, self, ticket). `answer` runs once on
    // `target`, also when nobody provides the service, no ticket is free or the deadline passes. [any]
    template <typename Table, typename Body>
    void ask(sh_target target, const Lease<Table>& lease, std::uint32_t deadline_ms, Body&& body,
             Answer answer) {
        const std::uint64_t token = answers_.put(std::move(answer));
        sh_ticket ticket = 0;
        sh_status status = async_->open(host_, target, token, lease.get(), deadline_ms, &ticket);
        if (status != SH_OK) return answer_later(target, token, status);
        status = lease.call([&](const Table& table, void* self) { body(table, self, ticket); });
        if (status == SH_OK) return;
        async_->withdraw(host_, ticket);
        answer_later(target, token, status);
    }
    // --- for the functions of a service's table
    // What `body` throws becomes the ticket's answer; what is our bug is logged too. Nothing crosses the
    // boundary. [any]
    template <typename Body>
    void guarded(sh_ticket ticket, Body&& body) const noexcept {
        Caught error;
        const sh_status status = guard(&error, body);
        if (status == SH_OK) return;
        guard(nullptr, [&] {
            if (status == SH_INTERNAL) this->error("a call failed", {{"what", error.text}});
            complete(ticket, status, error.text);
        });
    }
    // Runs `body` on the store loop; there at once. [any]
    template <typename Body>
    void on_store(sh_ticket ticket, Body body) {
        if (current() == SH_ON_STORE) return body();
        auto task = [this, ticket, work = std::move(body)]() mutable { guarded(ticket, work); };
        if (post(SH_ON_STORE, std::move(task)) != SH_OK)
            complete(ticket, SH_BUSY, "the store loop's queue is full");
    }

    // A store command: call(token) sends it and says whether it was taken. `answer` runs once, later, on the
    // store loop; only when that loop's queue is full a refusal is told here and now. [store]
    template <typename Call>
    void command(Call&& call, Answer answer) {
        const std::uint64_t token = answers_.put(std::move(answer));
        const sh_status status = call(token);
        if (status == SH_OK) return;
        auto refuse = [this, token, status] { run_answer(token, make_result(status)); };
        if (post(SH_ON_STORE, refuse) != SH_OK) refuse();
    }

    // Answers somebody's ticket. [any]
    void complete(sh_ticket ticket, const sh_result& result) const {
        async_->complete(host_, ticket, &result);
    }
    void complete(sh_ticket ticket, sh_status status, std::string_view detail = "") const {
        sh_result result = make_result(status);
        copy_text(result.detail, detail);
        complete(ticket, result);
    }
    [[nodiscard]] static sh_result make_result(sh_status status) {
        sh_result result{};
        result.struct_size = sizeof(result);
        result.status = status;
        return result;
    }
    [[nodiscard]] Buffer make_buffer(std::string_view text) const {
        const sh_bytes piece = bytes(text);
        return Buffer::adopt(async_->make_buffer(host_, &piece, 1));
    }
    [[nodiscard]] Batch make_batch(const sh_record* records, std::uint32_t count) const {
        return Batch::adopt(async_->make_batch(host_, records, count));
    }

    // --- node. [any]
    [[nodiscard]] const sh_node_ext& node() const noexcept { return *node_; }
    [[nodiscard]] const char* node_id() const { return node_->id(host_); }
    void set_health(const char* component, std::uint32_t state, std::string_view detail = "") const {
        node_->set_health(host_, component, state, bytes(detail));
    }

    // Called by the plugin layer only.
    void run_task(std::uint64_t number) {
        if ((number & 1u) != 0) return timers_.run(number >> 1);
        if (auto task = once_.take(number >> 1)) (*task)();
    }
    void run_answer(std::uint64_t token, const sh_result& result) {
        if (auto answer = answers_.take(token)) (*answer)(result);
    }

private:
    [[nodiscard]] sh_status start_timer(sh_target target, std::uint64_t delay_ms, std::uint64_t period_ms,
                                        Task task, sh_handle* timer) {
        const auto repeat = period_ms == 0 ? TimerTable::Repeat::once : TimerTable::Repeat::periodic;
        const auto begin = [&](std::uint64_t number, sh_handle* handle) {
            return task_->start_timer(host_, target, delay_ms, period_ms, number << 1 | 1u, handle);
        };
        return timers_.start(repeat, std::move(task), begin, timer);
    }
    void write(std::uint32_t level, std::string_view text, LogFields fields,
               const TraceContext* trace) const {
        if (log_->enabled(host_, level) == 0) return;
        std::vector<sh_log_field> list;
        list.reserve(fields.size() + 2);
        for (const auto& [name, value] : fields)
            list.push_back({name, bytes(value)});
        const std::string trace_id = trace == nullptr ? std::string() : hex_of(trace->trace_id);
        const std::string span_id = trace == nullptr ? std::string() : hex_of(trace->span_id);
        if (trace != nullptr) {
            list.push_back({"trace_id", bytes(trace_id)});
            list.push_back({"span_id", bytes(span_id)});
        }
        log_->write(host_, level, bytes(text), list.data(), static_cast<std::uint32_t>(list.size()));
    }
    [[nodiscard]] Metric metric(std::uint32_t kind, const char* name, const char* help, Labels labels,
                                const std::vector<double>& buckets) const {
        std::vector<sh_label> list;
        list.reserve(labels.size());
        for (const auto& [label, value] : labels)
            list.push_back({label, value});
        return {metrics_,
                metrics_->get(host_, kind, name, help, list.data(), static_cast<std::uint32_t>(list.size()),
                              buckets.data(), static_cast<std::uint32_t>(buckets.size()))};
    }
    // The promise "never inside the asking call" also holds for failures. A worker pool that is full cannot
    // carry the bad news, so then the store loop does; it never refuses.
    void answer_later(sh_target target, std::uint64_t token, sh_status status) {
        auto tell = [this, token, status] { run_answer(token, make_result(status)); };
        if (post(target, tell) != SH_OK && post(SH_ON_STORE, tell) != SH_OK) answers_.drop(token);
    }

    const sh_host* host_;
    const sh_log_ext* log_;
    const sh_task_ext* task_;
    const sh_async_ext* async_;
    const sh_service_ext* service_;
    const sh_metrics_ext* metrics_;
    const sh_node_ext* node_;
    Closures<void()> once_;
    Closures<void(const sh_result&)> answers_;
    TimerTable timers_;
};

}  // namespace streamhost
