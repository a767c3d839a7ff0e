// Glue: the table of svc/ratelimit.h, the section and the timers on one side, Limiter and Refills on the
// other.
#include "ratelimit_plugin.hpp"

#include <utility>

#include "streamhost/random.hpp"

#include "schema.hpp"

namespace ratelimit {

using streamhost::Failure;
using streamhost::view;

namespace {

constexpr std::uint64_t kShowMs = 1'000;
constexpr std::size_t kSweptChains = 200;  // of each part, each second: a full table within ten
constexpr std::int64_t kAfterBugMs = 1'000;

SipKey random_key() { return {streamhost::random_number(), streamhost::random_number()}; }

}  // namespace

const sh_ratelimit RateLimitPlugin::kTable = {sizeof(sh_ratelimit),    0,
                                              &RateLimitPlugin::take,  &RateLimitPlugin::enter,
                                              &RateLimitPlugin::leave, &RateLimitPlugin::epoch};

Settings RateLimitPlugin::read(const streamhost::Config& config) {
    Settings settings = read_settings(config);
    for (const Limit& limit : settings.limits)
        if (limit.scope == Scope::kGlobal && !streamhost::Store(host()).has(&sh_store_ext::rate_take))
            throw Failure(SH_UNSUPPORTED,
                          "this host has no shared limits: make scope local, or use a newer one");
    return settings;
}

void RateLimitPlugin::configure(const streamhost::Config& config) { settings_ = read(config); }

void RateLimitPlugin::reconfigure(const streamhost::Config& config) { limiter_->change(read(config)); }

void RateLimitPlugin::start() {
    limiter_ = std::make_unique<Limiter>(std::move(settings_), random_key());
    epoch_ = random_key().high | 1U;  // not 0
    telemetry_ = std::make_unique<Telemetry>(host());
    refills_ = std::make_unique<Refills>(host(), streamhost::Store(host()), *limiter_, *telemetry_);
    listen_to_store();
    routes_.add(
        host(), *limiter_, [this] { return refills_->moment(); },
        [this](const std::vector<Question>& questions) { refills_->ask(questions); });
    start_timers();
    host().provide(SH_SVC_RATELIMIT, &kTable, this);
}

void RateLimitPlugin::listen_to_store() {
    const auto* store = host().require<sh_store_ext>(SH_EXT_STORE);
    const auto link = [](void* self, std::uint8_t up, std::uint64_t /*epoch*/) noexcept {
        of(self).refills_->link(up != 0);
    };
    const sh_store_events events = {sizeof(events), 0, this, nullptr, nullptr, link};
    if (const sh_status status = store->set_events(host().raw(), &events); status != SH_OK)
        throw Failure(status, "the store refused its event handler");
}

void RateLimitPlugin::start_timers() {
    const auto show = [this] {
        limiter_->buckets().sweep(*limiter_->rules(), kSweptChains, refills_->moment().now_ns);
        telemetry_->show(limiter_->buckets().sizes(), limiter_->connections().count());
    };
    if (host().every(SH_ON_STORE, Refills::kTickMs, [this] { refills_->tick(); }) != SH_OK ||
        host().every(SH_ON_SHORT, kShowMs, show) != SH_OK)
        throw Failure(SH_BUSY, "no timer for the limits");
}

// What fails here is our mistake: nobody gets in by it.
std::int64_t RateLimitPlugin::take(void* self, const sh_rate_subject* subject, std::uint32_t cost) noexcept {
    std::int64_t wait_ms = kAfterBugMs;
    of(self).host().guarded(0, [&] {
        auto& plugin = of(self);
        std::vector<Question> questions;
        const Subject asks = {subject->verb, view(subject->address), view(subject->user),
                              view(subject->session)};
        const Verdict verdict = plugin.limiter_->take(asks, cost, plugin.refills_->moment(), questions);
        plugin.telemetry_->took(subject->verb, verdict);
        wait_ms = verdict.wait_ms;
        plugin.refills_->ask(questions);
    });
    return wait_ms;
}

std::int64_t RateLimitPlugin::enter(void* self, sh_bytes address, sh_bytes user) noexcept {
    std::int64_t wait_ms = kAfterBugMs;
    of(self).host().guarded(0, [&] {
        const Verdict verdict = of(self).limiter_->enter(view(address), view(user));
        of(self).telemetry_->entered(verdict);
        wait_ms = verdict.wait_ms;
    });
    return wait_ms;
}

void RateLimitPlugin::leave(void* self, sh_bytes address, sh_bytes user) noexcept {
    of(self).host().guarded(0, [&] { of(self).limiter_->leave(view(address), view(user)); });
}

std::uint64_t RateLimitPlugin::epoch(void* self) noexcept { return of(self).epoch_; }

namespace {

constexpr const char* kProvides[] = {SH_SVC_RATELIMIT, nullptr};

}  // namespace
}  // namespace ratelimit

STREAMHOST_PLUGIN(ratelimit::RateLimitPlugin, {.name = "ratelimit",
                                               .version = "1.0.0",
                                               .summary = "How often somebody may do something",
                                               .provides = ratelimit::kProvides,
                                               .schema = ratelimit::kSchema})
