#include "watch.hpp"

#include <cstddef>

#include "streamhost/whole_number.hpp"

namespace health {

using streamhost::bytes;
using streamhost::has;
using streamhost::Host;
using streamhost::view;

namespace {

constexpr std::int64_t kKeyMs = 60'000;

constexpr std::size_t at(Probe probe) { return static_cast<std::size_t>(probe); }

}  // namespace

Watch::Watch(Host& host, WatchOptions options, const sh_lease* topic_events)
    : host_(host),
      options_(options),
      store_(host),
      topic_events_(topic_events),
      pubsub_(host.acquire<sh_pubsub>(SH_SVC_PUBSUB)),
      session_(host.acquire<sh_session>(SH_SVC_SESSION)),
      chat_(host.acquire<sh_chat>(SH_SVC_CHAT)),
      name_(std::string("streamhost.canary.") + host.node_id()),
      stream_(host, {.came_back = [this](std::uint64_t round) { came_back(Probe::kStream, round); },
                     .failed = [this](std::uint64_t round) { missed(Probe::kStream, round); }}),
      ready_(host.gauge("ready", "1 while new connections are welcome")),
      degraded_(host.gauge("degraded", "1 while something is not as it should be")) {
    const std::vector<double> buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
    for (std::size_t index = 0; index < kProbes; ++index) {
        const char* name = kProbeNames[index];
        seconds_[index] =
            host.histogram("canary_seconds", "From a probe to its return", buckets, {{"probe", name}});
        failures_[index] =
            host.counter("canary_failures_total", "Probes that did not return", {{"probe", name}});
        failing_[index] = host.gauge("canary_failing", "1 while two probes and more in a row did not return",
                                     {{"probe", name}});
    }
}

// ------------------------------------------------------------------------------------------------- canary

void Watch::beat() {
    std::uint64_t round = 0;
    std::vector<Canary::News> news;
    {
        const std::lock_guard lock(mutex_);
        round = canary_.begin(host_.monotonic_ms());
        count_failures();
        news = canary_.take_news();
    }
    tell(news);
    write(round);
    stream_.write(round);
    say(round);
    count_sessions();
}

void Watch::came_back(Probe probe, std::uint64_t round) {
    std::int64_t took_ms = -1;
    std::vector<Canary::News> news;
    {
        const std::lock_guard lock(mutex_);
        took_ms = canary_.came_back(probe, round, host_.monotonic_ms());
        news = canary_.take_news();
    }
    if (took_ms >= 0) seconds_[at(probe)].add(static_cast<double>(took_ms) / 1e3);
    tell(news);
}

void Watch::missed(Probe probe, std::uint64_t round) {
    std::vector<Canary::News> news;
    {
        const std::lock_guard lock(mutex_);
        canary_.failed(probe, round);
        count_failures();
        news = canary_.take_news();
    }
    tell(news);
}

void Watch::tell(const std::vector<Canary::News>& news) const {
    for (const auto& [probe, state] : news) {
        const char* name = kProbeNames[at(probe)];
        failing_[at(probe)].set(state == Tweet::kFailing ? 1 : 0);
        if (state == Tweet::kFailing) {
            host_.error("the canary does not come back: delivery is broken on this node", {{"probe", name}});
        } else if (state == Tweet::kOk) {
            host_.info("the canary comes back", {{"probe", name}});
        }
    }
}

// What the canary counted since the last time: an answer that comes after its round is no second failure.
void Watch::count_failures() {
    for (std::size_t index = 0; index < kProbes; ++index) {
        const std::uint64_t failures = canary_.failures(static_cast<Probe>(index));
        failures_[index].add(static_cast<double>(failures - counted_[index]));
        counted_[index] = failures;
    }
}

void Watch::write(std::uint64_t round) {
    const std::string text = std::to_string(round);
    const auto tell = [this, round](const sh_result& result) {
        if (result.status == SH_OK) return came_back(Probe::kStore, round);
        missed(Probe::kStore, round);
    };
    store_.run(&sh_store_ext::key_set, tell, bytes(name_), bytes(text), kKeyMs, SH_KEY_ALWAYS, sh_bytes{});
}

// Subscribed in each round, since pubsub may have been replaced meanwhile; a repeat is cheap.
void Watch::say(std::uint64_t round) {
    // The topics are a plugin's: without it nothing is wrong.
    if (pubsub_.call([](const sh_pubsub&, void*) {}) != SH_OK) {
        const std::lock_guard lock(mutex_);
        return canary_.unavailable(Probe::kTopic, round);
    }
    const std::uint32_t deadline_ms = options_.canary_interval_ms;
    const auto publish = [this, round, deadline_ms] {
        host_.ask(
            SH_ON_STORE, pubsub_, deadline_ms,
            [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
                const std::string text = std::to_string(round);
                table.publish(self, bytes(name_), bytes(text), ticket);
            },
            [this, round](const sh_result& result) {
                if (result.status != SH_OK) missed(Probe::kTopic, round);
            });
    };
    host_.ask(
        SH_ON_STORE, pubsub_, deadline_ms,
        [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
            table.subscribe(self, bytes(name_), 0, topic_events_, ticket);
        },
        [this, round, publish](const sh_result& result) {
            if (result.status == SH_OK) return publish();
            missed(Probe::kTopic, round);
        });
}

void Watch::heard(std::string_view payload) {
    const auto round = streamhost::whole_number<std::uint64_t>(payload);
    if (round) came_back(Probe::kTopic, *round);
}

void Watch::count_sessions() {
    host_.ask(
        SH_ON_STORE, session_, options_.canary_interval_ms,
        [this](const sh_session& table, void* self, sh_ticket ticket) {
            if (has(table, table.count)) return table.count(self, ticket);
            host_.complete(ticket, SH_UNSUPPORTED);
        },
        [this](const sh_result& result) {
            const std::lock_guard lock(mutex_);
            sessions_.reset();
            if (result.status == SH_OK) sessions_ = SessionCounts{result.last, result.count};
        });
}

// ----------------------------------------------------------------------------------------------- pictures

std::shared_ptr<const Picture> Watch::draw() const {
    const auto report = streamhost::Buffer::adopt(host_.node().report(host_.raw()));
    auto drawn = std::make_shared<Picture>();
    drawn->facts = read_report(view(report));
    drawn->wall_ms = host_.wall_ms();
    {
        const std::lock_guard lock(mutex_);
        drawn->canary = canary_.view(host_.monotonic_ms());
        drawn->sessions = sessions_;
    }
    drawn->verdict = judge(drawn->facts, drawn->canary, options_.judge);
    return drawn;
}

std::shared_ptr<const Picture> Watch::picture() {
    const std::lock_guard lock(picture_mutex_);
    const std::int64_t now_ms = host_.monotonic_ms();
    if (picture_ == nullptr || now_ms - drawn_ms_ >= kFreshMs) {
        picture_ = draw();
        drawn_ms_ = now_ms;
    }
    return picture_;
}

std::optional<std::uint64_t> Watch::active_streams() const {
    std::optional<std::uint64_t> active;
    (void)chat_.call([&](const sh_chat& table, void* self) {
        if (has(table, table.active)) active = table.active(self);
    });
    return active;
}

void Watch::show_metrics() {
    const auto now = picture();
    ready_.set(now->verdict.is_ready ? 1 : 0);
    degraded_.set(now->verdict.is_degraded ? 1 : 0);
}

}  // namespace health
