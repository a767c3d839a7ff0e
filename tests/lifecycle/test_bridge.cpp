#include "lifecycle/test_bridge.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "streamhost/abi/ext/async.h"
#include "streamhost/abi/ext/service.h"
#include "streamhost/abi/ext/task.h"

namespace streamhost::test {
namespace fs = std::filesystem;
using control::Instance;
using control::OwnedHandles;
using runtime::Role;

namespace {

TestHost& house(const sh_host* host) { return *static_cast<TestHost*>(Instance::of(host).context()); }
std::uint64_t now_ms(const sh_host* host) { return house(host).clock.monotonic_ms(); }

const sh_service_ext service_table{
    .struct_size = sizeof(sh_service_ext),
    .reserved = 0,
    .provide = [](const sh_host* host, const char* id, const void* table, void* self) -> sh_status {
        if (!runtime::check_role(Role::control, "service.provide")) return SH_WRONG_ROLE;
        return house(host).services.provide(Instance::of(host), id, table, self);
    },
    .acquire = [](const sh_host* host, const char* id) -> const sh_lease* {
        if (!runtime::check_role(Role::control, "service.acquire")) return nullptr;
        return house(host).services.acquire(Instance::of(host), id);
    },
    .enter = &control::ServiceRegistry::enter,
    .leave = &control::ServiceRegistry::leave,
};

const sh_async_ext async_table{
    .struct_size = sizeof(sh_async_ext),
    .reserved = 0,
    .open = [](const sh_host* host, sh_target target, std::uint64_t token, const sh_lease* provider,
               std::uint32_t deadline_ms, sh_ticket* ticket) -> sh_status {
        return house(host).tickets.open(Instance::of(host), {target, token, provider, deadline_ms},
                                        now_ms(host), ticket);
    },
    .withdraw = [](const sh_host* host,
                   sh_ticket ticket) { house(host).tickets.withdraw(Instance::of(host), ticket); },
    .complete =
        [](const sh_host* host, sh_ticket ticket, const sh_result* result) {
            house(host).tickets.complete(Instance::of(host), ticket, *result);
        },
    .make_buffer = nullptr,
    .make_batch = nullptr,
};

/// Timers here are records: these tests ask whether they are revoked, not whether they fire.
sh_status start_timer(const sh_host* host, sh_target, std::uint64_t, std::uint64_t, std::uint64_t,
                      sh_handle* timer) {
    TestHost& host_of = house(host);
    const auto added =
        Instance::of(host).handles().add({"timer", {}, [&live = host_of.live_timers] { --live; }});
    if (added.refusal != OwnedHandles::Refusal::none) {
        return added.refusal == OwnedHandles::Refusal::closed ? SH_GONE : SH_BUSY;
    }
    ++host_of.live_timers;
    *timer = added.handle;
    return SH_OK;
}

const sh_task_ext task_table{
    .struct_size = sizeof(sh_task_ext),
    .loop_count = TestHost::kLoops,
    .post = [](const sh_host* host, sh_target target, std::uint64_t task) -> sh_status {
        auto run = [instance = Instance::of(host).shared_from_this(), task] { instance->run_task(task); };
        return house(host).post(target, std::move(run)) ? SH_OK : SH_BUSY;
    },
    .start_timer = &start_timer,
    .cancel_timer = [](const sh_host* host, sh_handle timer) { Instance::of(host).handles().revoke(timer); },
    .current = nullptr,
    .monotonic_ms = nullptr,
    .wall_ms = nullptr,
};

const void* extension(const sh_host*, const char* id) {
    const std::string_view wanted = id;
    if (wanted == SH_EXT_SERVICE) return &service_table;
    if (wanted == SH_EXT_ASYNC) return &async_table;
    if (wanted == SH_EXT_TASK) return &task_table;
    return nullptr;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
    std::string path = (fs::temp_directory_path() / "streamhost-test-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary directory: " + path);
    path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void TemporaryDirectory::install(const std::string& plugin, const std::string& as) const {
    const fs::path incoming = path_ / (as + ".incoming");
    fs::path built = fs::path(LIFECYCLE_PLUGINS) / (plugin + ".so");
    if (!fs::exists(built)) built = fs::path(LIFECYCLE_LOOSE_PLUGINS) / (plugin + ".so");
    fs::copy_file(built, incoming, fs::copy_options::overwrite_existing);
    fs::rename(incoming, path_ / (as + ".so"));
}

TestHost::TestHost(control::LifecycleLimits limits)
    : loops(clock, {.loops = kLoops, .store = runtime::StorePlacement::own_thread, .loop = {}}),
      workers(clock, runtime::WorkerPoolOptions::short_jobs(2)),
      tickets({.capacity = 1'024, .per_asker = 1'024, .loop_count = kLoops},
              [this](sh_target target, runtime::Task&& task) { return post(target, std::move(task)); }),
      loader({.run_directory = run.path(), .retained_limit = 64}),
      catalogue(loader),
      rounds_(loops),
      ports_{services,
             tickets,
             rounds_,
             clock,
             [this](sh_target target, runtime::Task&& task) { return post(target, std::move(task)); },
             [this] { wake(); },
             [this](const control::StepRecord& step) { steps.push_back(step); },
             [](const control::PluginDescriptor&, const std::function<void(const sh_config&)>& use) {
                 use(sh_config{});
                 return std::string();
             },
             kLoops},
      supervisor(catalogue, ports_, limits,
                 {.version = "0.0.0", .extension = &extension, .context = this, .loop_count = kLoops},
                 [this](const Instance& who, std::string_view hook, std::string_view what) {
                     const std::lock_guard lock(mutex_);
                     faults.push_back(who.name() + " " + std::string(hook) + ": " + std::string(what));
                 }) {
    loops.start();
}

TestHost::~TestHost() {
    supervisor.stop_all(1'000);
    static_cast<void>(settle());
    supervisor.stop_last();
    static_cast<void>(settle());
    loops.stop(1'000);
    workers.stop(1'000);
}

void TestHost::install(const std::string& plugin, const std::string& as) {
    plugins.install(plugin, as);
    static_cast<void>(catalogue.scan({plugins.path()}));
}

bool TestHost::post(sh_target target, runtime::Task&& task) {
    if (target == SH_ON_STORE)
        return loops.store_loop().post(std::move(task)) == runtime::PostStatus::accepted;
    if (target >= SH_ON_LOOP_0) {
        return loops.loop(target - SH_ON_LOOP_0).post(std::move(task)) == runtime::PostStatus::accepted;
    }
    if (target != SH_ON_CONTROL) {
        return workers.submit({"test", std::move(task), {}}) == runtime::SubmitStatus::accepted;
    }
    const std::lock_guard lock(mutex_);
    control_tasks_.push_back(std::move(task));
    woken_.notify_one();
    return true;
}

void TestHost::wake() {
    const std::lock_guard lock(mutex_);
    wake_ = true;
    woken_.notify_one();
}

std::deque<runtime::Task> TestHost::take_control_tasks(std::optional<std::uint64_t> due_ms) {
    const std::uint64_t now = clock.monotonic_ms();
    const std::uint64_t wait_ms = due_ms && *due_ms > now ? *due_ms - now : (due_ms ? 0 : 100);
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, std::chrono::milliseconds(wait_ms),
                    [this] { return wake_ || !control_tasks_.empty(); });
    wake_ = false;
    return std::exchange(control_tasks_, {});
}

bool TestHost::settle() {
    const runtime::RoleScope scope(Role::control);
    const std::uint64_t give_up_ms = clock.monotonic_ms() + 20'000;
    while (clock.monotonic_ms() < give_up_ms) {
        const std::optional<std::uint64_t> due_ms = supervisor.advance();
        if (on_control) on_control();
        if (!supervisor.busy()) return true;
        for (runtime::Task& task : take_control_tasks(due_ms))
            task();
    }
    return false;
}

bool TestHost::start(const std::set<std::string>& wanted) {
    supervisor.start(wanted);
    return settle();
}

bool TestHost::toggle(const std::string& name, bool enable) {
    return supervisor.toggle(name, enable).refused.empty() && settle();
}

control::PluginView TestHost::view(const std::string& name) const {
    const auto all = supervisor.list();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
    return at == all.end() ? control::PluginView{} : *at;
}

std::string TestHost::reason_of_step(const std::string& name, control::State to) const {
    const auto at = std::find_if(steps.rbegin(), steps.rend(),
                                 [&](const auto& step) { return step.plugin == name && step.to == to; });
    return at == steps.rend() ? "no such step" : at->reason;
}

std::vector<std::string> TestHost::faults_seen() const {
    const std::lock_guard lock(mutex_);
    return faults;
}

const sh_lease* TestHost::sample_lease() {
    static const control::Library kNoLibrary{"test", 1, {}, {}, nullptr};
    control::LoadedPlugin user;
    user.library = &kNoLibrary;
    user.descriptor.name = "test";
    user.descriptor.optional = {"test.sample/1"};
    // An instance that is never created: it only uses.
    test_user_ = std::make_shared<Instance>(1'000'000, user, Instance::Offer{}, Instance::FaultSink{});
    return services.acquire(*test_user_, "test.sample/1");
}

}  // namespace streamhost::test
