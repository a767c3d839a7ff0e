// idle: what a connection costs that does nothing. Bare on the echo's path or subscribed to a channel of its
// own, both on a server of any kind, or after hello in protocol 1.
#include <memory>
#include <string>

#include "greeted.hpp"
#include "run.hpp"
#include "spoken.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

// Waits until a second went by in which the server used less than a twentieth of it, so that neither start-up
// nor freeing is taken for the cost of a connection. Returns what it used of that second: the price of rest.
double settle(Setting& setting) {
    constexpr double kAtRest = 0.05;
    const std::int64_t until_ns = now_ns() + 60 * kSecond;
    while (now_ns() < until_ns) {
        const std::int64_t from_ns = now_ns();
        const double before_s = cpu_time(setting.server).total_s();
        while (now_ns() < from_ns + kSecond)
            setting.loop.turn(from_ns + kSecond);
        const double used = cpu_time(setting.server).total_s() - before_s;
        if (used < kAtRest) return used;
    }
    throw Failure("the server does not come to rest");
}

template <typename Base>
class Idlers final : public Base {
public:
    using Base::Base;

    // Each one is still there and is answered.
    void ping_all() {
        for (std::uint32_t index = 0; index < this->size(); ++index)
            this->at(index).ping();
        wait_for(
            this->loop(), 20, [this] { return pongs_ == this->size(); },
            [this] { return std::to_string(this->size() - pongs_) + " pongs are missing"; });
    }

private:
    void pong(Connection&) override { ++pongs_; }
    std::uint32_t pongs_ = 0;
};

// Half of them at a time: the second half's share is free of what the first connection made the server build.
// `make`: so many connections, numbered from the one given on.
template <typename Make>
void measure(Setting& setting, std::uint32_t connections, Run& run, Make make) {
    double rest = 0;
    const auto pss = [&] {
        rest = settle(setting);
        return static_cast<double>(pss_bytes(setting.server));
    };
    const std::uint32_t half = connections / 2;
    const double at_0 = pss();
    const auto first = make(half, std::uint32_t{0});
    first->open_all();
    const double at_half = pss();
    const auto second = make(half, half);
    second->open_all();
    const double at_all = pss();
    const double rest_with_all = rest;
    first->ping_all();
    second->ping_all();
    first->abort_all();
    second->abort_all();
    const double after = pss();
    run.count = 2 * static_cast<std::uint64_t>(half);
    run.numbers = {{"pss_bytes_before", at_0},
                   {"pss_bytes_with_half", at_half},
                   {"pss_bytes_with_all", at_all},
                   {"pss_bytes_after_closing", after},
                   {"bytes_per_connection", (at_all - at_0) / static_cast<double>(run.count)},
                   {"bytes_per_connection_of_second_half", (at_all - at_half) / half},
                   {"cpu_share_at_rest", rest_with_all}};
}

template <typename Kind>
auto maker(Setting& setting) {
    return [&setting](std::uint32_t count, std::uint32_t first) {
        return std::make_unique<Kind>(setting.loop, setting.target, count, first);
    };
}

}  // namespace

Run run_idle(Setting& setting) {
    const std::string mode = setting.parameters.choice("mode", {"bare", "hello", "subscribed"});
    const auto connections = static_cast<std::uint32_t>(setting.parameters.number("connections", 10'000, 2));
    const std::string dialect =
        mode == "hello" ? std::string() : setting.parameters.choice("dialect", dialect_names());
    setting.parameters.finish();
    Run run;
    run.scenario = "idle " + mode;
    run.unit = "connections";
    if (mode == "bare") {
        Contents contents(1, kLeastTextBytes, false);
        make_dialect(dialect, {.role = Role::kEcho}, contents)->aim(setting.target);
        measure(setting, connections, run, maker<Idlers<Crowd>>(setting));
    } else if (mode == "hello") {
        use_protocol(setting.target);
        measure(setting, connections, run, maker<Idlers<Greeted>>(setting));
    } else {
        Contents contents(connections, kLeastTextBytes, false);
        measure(setting, connections, run, [&](std::uint32_t count, std::uint32_t first) {
            return std::make_unique<SpokenReaders>(setting, dialect, contents, 1, first, count);
        });
    }
    return run;
}

}  // namespace streamhost::load
