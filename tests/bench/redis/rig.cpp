#include "rig.hpp"

#include <chrono>
#include <iostream>
#include <utility>

namespace streamhost::bench {
namespace {

redis::ClientOptions client_options(std::uint16_t port) {
    redis::ClientOptions options;
    options.address = {"127.0.0.1", port};
    return options;
}

void say(redis::ReportLevel level, std::string_view text) {
    if (level != redis::ReportLevel::kInfo) std::cerr << text << '\n';
}

}  // namespace

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::int64_t Tasks::now_ms() const {
    using namespace std::chrono;
    static const std::int64_t kWall =
        duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    static const std::int64_t kSteady = now_ns();
    return kWall + (now_ns() - kSteady) / 1'000'000;
}

void Tasks::run_due() {
    while (!timers_.empty() && timers_.begin()->first <= now_ms())
        tasks_.push_back(std::move(timers_.extract(timers_.begin()).mapped()));
    for (auto& task : std::exchange(tasks_, {}))
        task();
}

Rig::Rig(std::uint16_t port, store::Limits limits) : client_(loop_, client_options(port), &say) {
    redis::RedisStoreOptions options;
    options.limits = limits;
    options.on_trouble = [this](const redis::Trouble& trouble) { trouble_ = trouble.message; };
    store_ = redis::make_redis_store(std::move(options), client_, tasks_, *this);
    run_until([this] { return is_up_; });
}

Rig::~Rig() {
    store_->shutdown();
    tasks_.run_due();
}

void Rig::turn() {
    tasks_.run_due();
    loop_.run_once(tasks_.empty() ? 10 : 0);
}

}  // namespace streamhost::bench
