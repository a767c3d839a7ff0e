// talk: many clients on all servers, each of which writes a stream of its own and reads another one's. Nodes
// may die and the store may go away meanwhile: nothing may be lost, doubled, changed or out of order. Prints
// `open` when all clients are connected and `measuring` when the measured part begins, and takes orders
// meanwhile.
#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

#include "greeted.hpp"
#include "orders.hpp"
#include "talkers.hpp"

namespace streamhost::load {
namespace {

struct TalkOptions {
    std::uint32_t connections = 0;
    std::uint64_t rate = 0;  // entries per second, of all
    std::size_t bytes = 0;
    std::uint64_t warm_s = 0;
    std::uint64_t seconds = 0;  // at most, when there are orders
    bool has_orders = false;
};

TalkOptions read_options(Parameters& parameters) {
    TalkOptions options;
    options.connections = static_cast<std::uint32_t>(parameters.number("connections", 1'000, 2));
    options.rate = parameters.number("rate", 10'000);
    options.bytes = static_cast<std::size_t>(parameters.number("bytes", 100, 32));
    options.warm_s = parameters.number("warm_s", 2);
    options.seconds = parameters.number("seconds", 10);
    options.has_orders = parameters.choice("orders", {"none", "stdin"}) == "stdin";
    parameters.finish();
    return options;
}

Schedule schedule_of(const TalkOptions& options) {
    Schedule schedule;
    schedule.streams = options.connections;
    schedule.per_second = options.rate;
    schedule.first_measured = options.rate * options.warm_s;
    schedule.total = options.rate * (options.warm_s + options.seconds);
    return schedule;
}

void say(const char* what) { std::cout << what << std::endl; }

// Entries when they are due, until all of them were or somebody says stop.
void produce(Setting& setting, Schedule& schedule, Talkers& talkers, const bool& is_stopped, Meter& meter,
             Run& run) {
    schedule.pace = Pace(now_ns(), schedule.per_second);
    for (std::uint64_t next = 0; next < schedule.total && !is_stopped;) {
        const std::int64_t now = now_ns();
        for (; next < schedule.total && schedule.pace.due_ns(next) <= now; ++next) {
            if (next == schedule.first_measured) {
                meter.start();
                say("measuring");
            }
            if (next >= schedule.first_measured) run.send_lag.record(now - schedule.pace.due_ns(next));
            talkers.due(next);
        }
        setting.loop.turn(std::min(schedule.pace.due_ns(next), talkers.wake(now)));
    }
}

}  // namespace

Run run_talk(Setting& setting) {
    const TalkOptions options = read_options(setting.parameters);
    use_protocol(setting.target);
    Schedule schedule = schedule_of(options);
    Models models;
    for (std::uint32_t number = 0; number < options.connections; ++number)
        models.push_back(
            std::make_unique<StreamModel>("talk-" + std::to_string(number) + ".t", number, options.bytes));
    Talkers talkers(setting, models, schedule);
    talkers.open_all();
    say("open");
    bool is_stopped = false;
    std::optional<Orders> orders;
    if (options.has_orders)
        orders.emplace(setting.loop, Orders::Events{[&](const std::string& name) { talkers.mark(name); },
                                                    [&] { is_stopped = true; }});
    Run run;
    run.scenario = "talk";
    run.unit = "deliveries";
    Meter meter(setting);
    produce(setting, schedule, talkers, is_stopped, meter, run);
    const std::int64_t until_ns = now_ns() + 30 * kSecond;
    while (!talkers.is_done()) {
        const std::int64_t now = now_ns();
        if (now > until_ns) throw Failure("after 30 s: " + talkers.missing());
        setting.loop.turn(std::min(now + kSecond / 20, talkers.wake(now)));
    }
    meter.stop(run);
    talkers.add_to(run);
    double pss = 0;
    for (const pid_t server : setting.servers)
        pss = std::max(pss, static_cast<double>(pss_bytes(server)));
    run.numbers.emplace_back("most_pss_bytes", pss);
    return run;
}

}  // namespace streamhost::load
