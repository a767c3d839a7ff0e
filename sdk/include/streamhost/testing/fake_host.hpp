// A host for unit tests of plugins: one thread, time that stands until the test moves it, and everything a
// plugin did is there to look at.
//
//     FakeHost fake;
//     auto plugin = fake.create<Audit>();   // also: fake.configure(...), fake.start()
//     fake.run();                           // tasks, timers that are due, answers
//     fake.advance(1000);                   // the same, a second later
//
// Beyond log, task, async, service, metrics and node a test adds what it needs with extend(id, table).
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_config.hpp"

namespace streamhost::testing {

struct LogLine {
    std::uint32_t level = 0;
    std::string text;
    std::map<std::string, std::string> fields;
};

class FakeHost {
public:
    explicit FakeHost(std::uint32_t loops = 1) {
        fill_tables(loops);
        extend(SH_EXT_LOG, &log_);
        extend(SH_EXT_TASK, &task_);
        extend(SH_EXT_ASYNC, &async_);
        extend(SH_EXT_SERVICE, &service_);
        extend(SH_EXT_METRICS, &metrics_);
        extend(SH_EXT_NODE, &node_);
        raw_ = {sizeof(raw_), SH_ABI_MINOR, this, "0.0.0",
                [](const sh_host* host, const char* id) -> const void* {
                    const auto& tables = of(host).tables_;
                    const auto found = tables.find(id);
                    return found == tables.end() ? nullptr : found->second;
                }};
    }
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;
    ~FakeHost() { destroy(); }

    static FakeHost& of(const sh_host* host) { return *static_cast<FakeHost*>(host->self); }
    [[nodiscard]] const sh_host* raw() const noexcept { return &raw_; }

    // The table must outlive this host.
    void extend(const std::string& id, const void* table) { tables_[id] = table; }
    // A service that another plugin would provide.
    void offer(const std::string& id, const void* table, void* self) { *lease_of(id) = {table, self}; }
    void withdraw(const std::string& id) { *lease_of(id) = {}; }
    // What the plugin under test provides; nullptr when it does not.
    template <typename Table>
    const Table* provided(const std::string& id, void** self) {
        *self = lease_of(id)->self;
        return static_cast<const Table*>(lease_of(id)->table);
    }

    // --- the plugin under test
    template <typename Class>
    Class& create() {
        make(&PluginThunks::create<Class>);
        return static_cast<Class&>(*static_cast<Plugin*>(plugin_.self));
    }
    // As the host does it: what STREAMHOST_PLUGIN or a C plugin exports.
    void create(const sh_entry& entry) { make(entry.create); }
    sh_status configure(const FakeConfig& config = FakeConfig()) {
        return plugin_.configure(plugin_.self, config.table(), &error);
    }
    sh_status start() { return plugin_.start(plugin_.self, &error); }
    // How much is left; why is in `error`.
    std::uint32_t drain(std::uint32_t deadline_ms) {
        return plugin_.drain(plugin_.self, deadline_ms, &error);
    }
    // What the plugin keeps for a loop; asked for once.
    void* loop_context(std::uint32_t loop) {
        const auto found = loop_contexts_.find(loop);
        if (found != loop_contexts_.end()) return found->second;
        void* context = plugin_.loop_start == nullptr ? nullptr : plugin_.loop_start(plugin_.self, loop);
        return loop_contexts_[loop] = context;
    }
    void stop() {
        for (const auto& [loop, context] : loop_contexts_)
            if (plugin_.loop_stop != nullptr) plugin_.loop_stop(plugin_.self, loop, context);
        loop_contexts_.clear();
        plugin_.stop(plugin_.self);
    }
    void destroy() {
        if (plugin_.self != nullptr) plugin_.destroy(plugin_.self);
        plugin_.self = nullptr;
    }

    // --- time and work
    // Runs tasks, answers and due timers until nothing is left to do now. Bounded, so that a plugin that
    // posts for ever fails the test.
    void run(std::size_t limit = 1'000'000) {
        while (!work_.empty() || fire_timer()) {
            if (limit-- == 0) throw Failure(SH_INTERNAL, "the plugin never comes to rest");
            if (work_.empty()) continue;
            Work work = std::move(work_.front());
            work_.pop_front();
            current_ = work.target;
            work.body();
            current_ = SH_ON_CONTROL;
        }
    }
    void advance(std::int64_t ms) {
        const std::int64_t until = now_ms_ + ms;
        while (true) {
            run();
            const auto next = std::min_element(
                timers_.begin(), timers_.end(),
                [](const auto& a, const auto& b) { return a.second.due_ms < b.second.due_ms; });
            if (next == timers_.end() || next->second.due_ms > until) break;
            now_ms_ = next->second.due_ms;
        }
        now_ms_ = until;
        run();
    }
    [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
    void post(sh_target target, std::function<void()> body) { work_.push_back({target, std::move(body)}); }
    // Delivers the answer to a store command (see Host::command) as the host would: later, on `target`.
    void answer(std::uint64_t token, const sh_result& result, sh_target target = SH_ON_STORE) {
        post(target,
             [this, token, result, body = Buffer::retain(result.body), batch = Batch::retain(result.batch)] {
                 plugin_.complete(plugin_.self, token, &result);
             });
    }

    // --- a test's own calls into the plugin's services
    // A ticket whose answer goes to `take`.
    sh_ticket ticket(std::function<void(const sh_result&)> take) {
        tickets_[++last_ticket_] = {SH_ON_CONTROL, std::move(take)};
        return last_ticket_;
    }
    [[nodiscard]] std::size_t open_tickets() const noexcept { return tickets_.size(); }

    std::vector<LogLine> lines;
    std::map<std::string, double> metric_values;  // by name{label=value,...}; histograms: sum
    std::map<std::string, std::uint32_t> health;  // by component
    std::uint32_t phase = SH_NODE_RUNNING;
    std::int64_t wall_ahead_ms = 1'700'000'000'000;  // of now_ms(); a clock that is set makes it jump
    sh_error error{};

private:
    struct Work {
        sh_target target;
        std::function<void()> body;
    };
    struct Timer {
        std::int64_t due_ms;
        std::int64_t period_ms;
        sh_target target;
        std::uint64_t task;
    };
    struct Provider {
        const void* table = nullptr;
        void* self = nullptr;
    };
    struct Ticket {
        sh_target target;
        std::function<void(const sh_result&)> take;
    };
    struct CountedBuffer {
        sh_buffer head{};
        std::string data;
        std::uint64_t count = 1;
    };
    struct CountedBatch {
        sh_batch head{};
        std::vector<OwnedRecord> owned;
        std::vector<sh_record> records;
        std::uint64_t count = 1;
    };
    struct MetricSlot {
        FakeHost* host;
        std::string name;
    };

    void make(sh_status (*factory)(const sh_host*, sh_plugin*, sh_error*)) {
        plugin_ = {};
        plugin_.struct_size = sizeof(plugin_);
        if (factory(&raw_, &plugin_, &error) != SH_OK) throw Failure(error.status, error.text);
    }
    bool fire_timer() {
        for (auto& [handle, timer] : timers_) {
            if (timer.due_ms > now_ms_) continue;
            post(timer.target, [this, task = timer.task] { plugin_.run_task(plugin_.self, task); });
            if (timer.period_ms > 0) {
                timer.due_ms = now_ms_ + timer.period_ms;
            } else {
                timers_.erase(handle);
            }
            return true;
        }
        return false;
    }
    Provider* lease_of(const std::string& id) {
        auto& slot = leases_[id];
        if (slot == nullptr) slot = std::make_unique<Provider>();
        return slot.get();
    }
    static Provider& provider(const sh_lease* lease) {
        // The lease a plugin holds is our Provider in disguise; sh_lease is opaque on purpose.
        return *const_cast<Provider*>(reinterpret_cast<const Provider*>(lease));
    }
    static const sh_lease* disguise(Provider* slot) { return reinterpret_cast<const sh_lease*>(slot); }

    void fill_tables(std::uint32_t loops) {
        log_ = {sizeof(log_), 0, [](const sh_host*, std::uint32_t) -> std::uint8_t { return 1; },
                [](const sh_host* host, std::uint32_t level, sh_bytes text, const sh_log_field* fields,
                   std::uint32_t count) {
                    LogLine line{level, std::string(view(text)), {}};
                    for (std::uint32_t index = 0; index < count; ++index)
                        line.fields[fields[index].name] = view(fields[index].value);
                    of(host).lines.push_back(std::move(line));
                }};
        task_.struct_size = sizeof(task_);
        task_.loop_count = loops;
        task_.post = [](const sh_host* host, sh_target target, std::uint64_t task) -> sh_status {
            of(host).post(target,
                          [&fake = of(host), task] { fake.plugin_.run_task(fake.plugin_.self, task); });
            return SH_OK;
        };
        task_.start_timer = [](const sh_host* host, sh_target target, std::uint64_t delay_ms,
                               std::uint64_t period_ms, std::uint64_t task, sh_handle* out) -> sh_status {
            auto& fake = of(host);
            *out = ++fake.last_timer_;
            fake.timers_[*out] = {fake.now_ms_ + static_cast<std::int64_t>(delay_ms),
                                  static_cast<std::int64_t>(period_ms), target, task};
            return SH_OK;
        };
        task_.cancel_timer = [](const sh_host* host, sh_handle timer) { of(host).timers_.erase(timer); };
        task_.current = [](const sh_host* host) { return of(host).current_; };
        task_.monotonic_ms = [](const sh_host* host) { return of(host).now_ms_; };
        task_.wall_ms = [](const sh_host* host) { return of(host).now_ms_ + of(host).wall_ahead_ms; };

        async_.struct_size = sizeof(async_);
        async_.open = [](const sh_host* host, sh_target target, std::uint64_t token, const sh_lease*,
                         std::uint32_t deadline_ms, sh_ticket* out) -> sh_status {
            auto& fake = of(host);
            *out = fake.ticket([&fake, token](const sh_result& result) {
                fake.plugin_.complete(fake.plugin_.self, token, &result);
            });
            fake.tickets_[*out].target = target;
            (void)deadline_ms;  // a test that wants a time-out answers SH_TIMEOUT itself
            return SH_OK;
        };
        async_.withdraw = [](const sh_host* host, sh_ticket ticket) { of(host).tickets_.erase(ticket); };
        async_.complete = [](const sh_host* host, sh_ticket ticket, const sh_result* result) {
            auto& fake = of(host);
            const auto found = fake.tickets_.find(ticket);
            if (found == fake.tickets_.end()) return;
            fake.post(found->second.target, [take = std::move(found->second.take), copy = *result,
                                             body = Buffer::retain(result->body),
                                             batch = Batch::retain(result->batch)] { take(copy); });
            fake.tickets_.erase(found);
        };
        async_.make_buffer = [](const sh_host*, const sh_bytes* pieces, std::uint32_t count) {
            auto* buffer = new CountedBuffer;
            for (std::uint32_t index = 0; index < count; ++index)
                buffer->data += view(pieces[index]);
            buffer->head = {sizeof(sh_buffer),
                            0,
                            buffer->data.data(),
                            buffer->data.size(),
                            &retain<CountedBuffer, sh_buffer>,
                            &release<CountedBuffer, sh_buffer>};
            return static_cast<const sh_buffer*>(&buffer->head);
        };
        async_.make_batch = [](const sh_host*, const sh_record* records, std::uint32_t count) {
            auto* batch = new CountedBatch;
            for (std::uint32_t index = 0; index < count; ++index)
                batch->owned.emplace_back(records[index]);
            for (const auto& record : batch->owned)
                batch->records.push_back(record.record());
            batch->head = {sizeof(sh_batch), count, batch->records.data(), &retain<CountedBatch, sh_batch>,
                           &release<CountedBatch, sh_batch>};
            return static_cast<const sh_batch*>(&batch->head);
        };

        service_.struct_size = sizeof(service_);
        service_.provide = [](const sh_host* host, const char* id, const void* table,
                              void* self) -> sh_status {
            of(host).offer(id, table, self);
            return SH_OK;
        };
        service_.expose = [](const sh_host* host, const void* table, void* self) {
            auto& fake = of(host);
            Provider* slot = fake.lease_of("exposed:" + std::to_string(fake.leases_.size()));
            *slot = {table, self};
            return disguise(slot);
        };
        service_.acquire = [](const sh_host* host, const char* id) {
            return disguise(of(host).lease_of(id));
        };
        service_.enter = [](const sh_lease* lease, const void** table, void** self) -> sh_status {
            *table = provider(lease).table;
            *self = provider(lease).self;
            return *table == nullptr ? SH_UNAVAILABLE : SH_OK;
        };
        service_.leave = [](const sh_lease*) {};

        metrics_.struct_size = sizeof(metrics_);
        metrics_.get = [](const sh_host* host, std::uint32_t, const char* name, const char*,
                          const sh_label* labels, std::uint32_t label_count, const double*, std::uint32_t) {
            std::string full = name;
            for (std::uint32_t index = 0; index < label_count; ++index)
                full +=
                    (index == 0 ? "{" : ",") + std::string(labels[index].name) + "=" + labels[index].value;
            if (label_count > 0) full += "}";
            auto& slots = of(host).metric_slots_;
            slots.push_back(std::make_unique<MetricSlot>(MetricSlot{&of(host), full}));
            of(host).metric_values[full];
            return reinterpret_cast<sh_metric*>(slots.back().get());
        };
        metrics_.add = [](sh_metric* metric, double value) {
            const auto& slot = *reinterpret_cast<MetricSlot*>(metric);
            slot.host->metric_values[slot.name] += value;
        };
        metrics_.set = [](sh_metric* metric, double value) {
            const auto& slot = *reinterpret_cast<MetricSlot*>(metric);
            slot.host->metric_values[slot.name] = value;
        };

        node_.struct_size = sizeof(node_);
        node_.id = [](const sh_host*) { return "node-test"; };
        node_.name = [](const sh_host*) { return "streamhost/0.0.0"; };
        node_.phase = [](const sh_host* host) { return of(host).phase; };
        node_.set_health = [](const sh_host* host, const char* component, std::uint32_t state, sh_bytes) {
            of(host).health[component] = state;
        };
        node_.report = [](const sh_host* host) { return of(host).text("{}"); };
        node_.metrics_text = [](const sh_host* host) { return of(host).text(""); };
        node_.incarnation = [](const sh_host*) { return "1000@test/1"; };
    }

    const sh_buffer* text(std::string_view content) {
        const sh_bytes piece = bytes(content);
        return async_.make_buffer(&raw_, &piece, 1);
    }
    // head is the first member, so the address of one is the address of the other.
    template <typename Counted, typename Head>
    static void retain(const Head* head) {
        ++reinterpret_cast<Counted*>(const_cast<Head*>(head))->count;
    }
    template <typename Counted, typename Head>
    static void release(const Head* head) {
        auto* counted = reinterpret_cast<Counted*>(const_cast<Head*>(head));
        if (--counted->count == 0) delete counted;
    }

    sh_host raw_{};
    sh_plugin plugin_{};
    sh_log_ext log_{};
    sh_task_ext task_{};
    sh_async_ext async_{};
    sh_service_ext service_{};
    sh_metrics_ext metrics_{};
    sh_node_ext node_{};
    std::map<std::string, const void*> tables_;
    std::map<std::uint32_t, void*> loop_contexts_;
    std::map<std::string, std::unique_ptr<Provider>> leases_;
    std::map<sh_ticket, Ticket> tickets_;
    std::map<sh_handle, Timer> timers_;
    std::vector<std::unique_ptr<MetricSlot>> metric_slots_;
    std::deque<Work> work_;
    std::int64_t now_ms_ = 1'000;
    sh_ticket last_ticket_ = 0;
    sh_handle last_timer_ = 0;
    sh_target current_ = SH_ON_CONTROL;
};

}  // namespace streamhost::testing
