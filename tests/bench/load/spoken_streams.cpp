// spoken-streams, spoken-storm: many channels written at a fixed rate on a server of any kind, over its own
// protocol; and what becomes of it when all readers are cut off at once. With orders=stdin it prints `open`
// when all connections are ready, and waits for `mark start`, so that several of them begin together.
#include <iostream>
#include <optional>
#include <string>

#include "orders.hpp"
#include "produce.hpp"
#include "spoken.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

struct SpokenOptions {
    std::string dialect;
    std::uint32_t channels = 0;
    std::uint32_t readers = 1;  // per channel
    std::uint32_t publishers = 0;
    std::uint64_t rate = 0;  // of all channels
    std::size_t bytes = 0;
    std::uint64_t warm_s = 0;
    std::uint64_t seconds = 0;
    bool is_complete = true;  // a server that is overrun fails; otherwise what came is counted
    bool has_orders = false;
};

SpokenOptions read_options(Parameters& parameters, std::uint64_t readers, std::uint64_t rate) {
    SpokenOptions options;
    options.dialect = parameters.choice("dialect", dialect_names());
    options.channels = static_cast<std::uint32_t>(parameters.number("channels", 1'000));
    options.readers = static_cast<std::uint32_t>(parameters.number("readers", readers));
    options.publishers = static_cast<std::uint32_t>(parameters.number("publishers", 4));
    options.rate = parameters.number("rate", rate);
    options.bytes = static_cast<std::size_t>(parameters.number("bytes", 150, kLeastTextBytes));
    options.warm_s = parameters.number("warm_s", 2);
    options.seconds = parameters.number("seconds", 10);
    options.is_complete = parameters.choice("complete", {"yes", "no"}) == "yes";
    options.has_orders = parameters.choice("orders", {"none", "stdin"}) == "stdin";
    parameters.finish();
    return options;
}

// A channel for each connection of Contents: the schedule, who writes it and who reads it.
class Stage {
public:
    Stage(Setting& setting, const SpokenOptions& options)
        : options_(options),
          contents_(options.channels, options.bytes, options.readers == 1),
          publishers_(setting, options.dialect, contents_, options.publishers,
                      options.channels * options.readers),
          readers_(at_last_server(setting), options.dialect, contents_, options.readers) {
        schedule_.streams = options.channels;
        schedule_.per_second = options.rate;
        schedule_.first_measured = options.rate * options.warm_s;
        const std::uint64_t wanted = options.rate * (options.warm_s + options.seconds);
        schedule_.total = (wanted + options.channels - 1) / options.channels * options.channels;
        readers_.on_received([this](std::uint32_t reader, std::uint64_t number, std::int64_t read_ns) {
            received(reader, number, read_ns);
        });
        readers_.open_all();
        publishers_.open_all();
        if (options.has_orders) wait_for_start(setting);
    }

    [[nodiscard]] Schedule& schedule() noexcept { return schedule_; }
    [[nodiscard]] SpokenReaders& readers() noexcept { return readers_; }
    [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }
    void publish(std::uint64_t index) {
        if (index == schedule_.first_measured) received_before_ = received_;
        publishers_.publish_next(index % schedule_.streams);
    }

    // Until all is there, or as long as whoever is overrun is waited for.
    void wait(Setting& setting) {
        constexpr std::int64_t kGraceNs = 2 * kSecond;
        constexpr std::int64_t kMostS = 30;
        const std::int64_t until_ns = now_ns() + kGraceNs;
        while (done_ < readers_.size() && now_ns() < until_ns)
            setting.loop.turn(until_ns);
        if (options_.is_complete)
            wait_for(
                setting.loop, kMostS, [this] { return done_ == readers_.size(); },
                [this] { return std::to_string(readers_.size() - done_) + " readers miss messages"; });
        delivered_ = latency_.count();
        count_missing();
    }
    // Since the first measured message, whichever it was that came.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_ - received_before_; }
    [[nodiscard]] double delivered_share() const noexcept {
        const std::uint64_t measured = (schedule_.total - schedule_.first_measured) * options_.readers;
        return static_cast<double>(delivered_) / static_cast<double>(measured);
    }

private:
    static Setting& at_last_server(Setting& setting) {
        setting.target.port = setting.ports.back();
        return setting;
    }

    void wait_for_start(Setting& setting) {
        const auto mark = [this](const std::string& name) { is_started_ = name == "start"; };
        orders_.emplace(setting.loop, Orders::Events{mark, [] { throw Failure("it cannot be stopped"); }});
        std::cout << "open" << std::endl;
        wait_for(
            setting.loop, 60, [this] { return is_started_; },
            [] { return std::string("nobody said start"); });
    }

    void received(std::uint32_t reader, std::uint64_t number, std::int64_t read_ns) {
        ++received_;
        const std::uint64_t index = schedule_.index_of(readers_.channel_of(reader), number);
        if (index >= schedule_.first_measured) latency_.record(read_ns - schedule_.pace.due_ns(index));
        if (number == schedule_.last_seq()) ++done_;
    }

    // What is not there is as late as this already: to leave it out would flatter whoever is overrun.
    void count_missing() {
        const std::int64_t now = now_ns();
        for (std::uint32_t reader = 0; reader < readers_.size(); ++reader) {
            const std::uint64_t channel = readers_.channel_of(reader);
            for (std::uint64_t number = readers_.last(reader) + 1; number <= schedule_.last_seq(); ++number) {
                const std::uint64_t index = schedule_.index_of(channel, number);
                if (index >= schedule_.first_measured) latency_.record(now - schedule_.pace.due_ns(index));
            }
        }
    }

    SpokenOptions options_;
    Contents contents_;
    SpokenPublishers publishers_;
    SpokenReaders readers_;
    Schedule schedule_;
    Histogram latency_;
    std::optional<Orders> orders_;
    bool is_started_ = false;
    std::uint64_t received_ = 0;
    std::uint64_t received_before_ = 0;  // the measurement
    std::uint64_t delivered_ = 0;        // of the measured ones
    std::uint32_t done_ = 0;
};

}  // namespace

Run run_spoken_streams(Setting& setting) {
    const SpokenOptions options = read_options(setting.parameters, 1, 10'000);
    Stage stage(setting, options);
    Run run;
    run.scenario = "spoken-streams";
    run.unit = "deliveries";
    Meter meter(setting);
    produce(
        setting, stage.schedule(), [&](std::uint64_t index) { stage.publish(index); }, meter, run);
    stage.wait(setting);
    meter.stop(run);
    run.count = stage.received();
    run.latencies = {{"due_to_reader", stage.latency()}};
    run.numbers = {{"delivered_share", stage.delivered_share()}};
    return run;
}

Run run_spoken_storm(Setting& setting) {
    SpokenOptions options = read_options(setting.parameters, 10, 500);
    const std::int64_t jitter_ns = kSecond;
    Stage stage(setting, options);
    Run run;
    run.scenario = "spoken-storm";
    run.unit = "connections";
    Meter meter(setting);
    Timetable timetable(
        setting, stage.schedule(), [&](std::uint64_t index) { stage.publish(index); }, meter, run);
    while (timetable.next() <= stage.schedule().first_measured)
        timetable.turn();
    SpokenReaders& readers = stage.readers();
    readers.drop_all(jitter_ns, [&](std::int64_t until_ns) { timetable.turn(until_ns); });
    meter.stop(run);
    while (!timetable.is_over())
        timetable.turn();
    stage.wait(setting);
    run.count = readers.come_back().count();
    run.latencies = {{"drop_to_ready", readers.come_back()}, {"due_to_reader", stage.latency()}};
    run.numbers = {{"all_back_ms", static_cast<double>(readers.come_back().max_ns()) / 1e6},
                   {"failed_attempts", static_cast<double>(readers.failed_attempts())},
                   {"delivered_share", stage.delivered_share()},
                   {"skipped", static_cast<double>(readers.skipped())}};
    return run;
}

}  // namespace streamhost::load
