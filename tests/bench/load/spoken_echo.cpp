// spoken-echo: each connection has `window` messages on their way that come back to it, on a server of any
// kind. Who knows no echo sends to a channel that only the sender reads.
#include <string>
#include <vector>

#include "spoken.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

struct EchoOptions {
    std::string dialect;
    std::uint32_t connections = 0;
    std::uint64_t window = 0;
    std::size_t bytes = 0;
    std::int64_t warm_s = 0;
    std::int64_t seconds = 0;
};

EchoOptions read_options(Parameters& parameters) {
    EchoOptions options;
    options.dialect = parameters.choice("dialect", dialect_names());
    options.connections = static_cast<std::uint32_t>(parameters.number("connections", 100));
    options.window = parameters.number("window", 10);
    options.bytes = static_cast<std::size_t>(parameters.number("bytes", 128, kLeastTextBytes));
    options.warm_s = static_cast<std::int64_t>(parameters.number("warm_s", 2));
    options.seconds = static_cast<std::int64_t>(parameters.number("seconds", 10));
    parameters.finish();
    return options;
}

class Echoers final : public Spoken {
public:
    Echoers(Setting& setting, const EchoOptions& options)
        : Spoken(setting, options.connections, 0),
          options_(options),
          contents_(options.connections, options.bytes, false),
          sent_(options.connections),
          received_(options.connections),
          sent_ns_(options.connections * static_cast<std::size_t>(options.window)) {
        for (std::uint32_t index = 0; index < options.connections; ++index)
            add(make_dialect(options.dialect, {.role = Role::kEcho, .number = index, .channel = index},
                             contents_));
    }

    void run(Run& run, Meter& meter) {
        for (std::uint64_t round = 0; round < options_.window; ++round) {
            for (std::uint32_t index = 0; index < size(); ++index)
                send_next(index);
        }
        turn_for(options_.warm_s);
        const std::uint64_t before = all_received_;
        is_measuring_ = true;
        meter.start();
        turn_for(options_.seconds);
        meter.stop(run);
        run.count = all_received_ - before;
        is_measuring_ = false;
        is_stopping_ = true;
        wait_for(
            loop(), 10, [this] { return all_received_ == all_sent_; },
            [this] { return std::to_string(all_sent_ - all_received_) + " echoes are missing"; });
        run.latencies.emplace_back("round_trip", latency_);
    }

private:
    void heard(Connection& connection, const std::vector<std::string_view>& texts) override {
        const std::uint32_t index = index_of(connection);
        for (const std::string_view text : texts) {
            const std::uint64_t number = ++received_[index];
            if (number > sent_[index] || text != contents_.text(index, number))
                throw Failure("echo " + std::to_string(number) + " on connection " + std::to_string(index) +
                              " is " + std::string(text.substr(0, 200)));
            ++all_received_;
            if (is_measuring_) latency_.record(connection.read_ns() - sent_ns_[slot(index, number)]);
            if (!is_stopping_) send_next(index);
        }
    }

    void send_next(std::uint32_t index) {
        const std::uint64_t number = ++sent_[index];
        ++all_sent_;
        sent_ns_[slot(index, number)] = now_ns();
        publish(index, index, contents_.text(index, number));
    }

    [[nodiscard]] std::size_t slot(std::uint32_t index, std::uint64_t number) const noexcept {
        return static_cast<std::size_t>(index * options_.window + number % options_.window);
    }

    void turn_for(std::int64_t seconds) {
        const std::int64_t until_ns = now_ns() + seconds * kSecond;
        while (now_ns() < until_ns)
            loop().turn(until_ns);
    }

    EchoOptions options_;
    Contents contents_;
    std::vector<std::uint64_t> sent_;      // by connection
    std::vector<std::uint64_t> received_;  // the same
    std::vector<std::int64_t> sent_ns_;    // the last `window` of each
    std::uint64_t all_sent_ = 0;
    std::uint64_t all_received_ = 0;
    bool is_measuring_ = false;
    bool is_stopping_ = false;
    Histogram latency_;
};

}  // namespace

Run run_spoken_echo(Setting& setting) {
    const EchoOptions options = read_options(setting.parameters);
    Run run;
    run.scenario = "spoken-echo";
    Meter meter(setting);
    Echoers echoers(setting, options);
    echoers.open_all();
    echoers.run(run, meter);
    return run;
}

}  // namespace streamhost::load
