// spoken-fan-out: one channel with many readers on a server of any kind. At most `window` messages are on
// their way to any of them: as fast as it goes, or with rate at a fixed rate in bursts of a window, so that
// servers are compared under the same load. Who cannot carry it takes longer than asked for: all that was due
// is sent in the end, and counts from when it was due.
#include <string>
#include <vector>

#include "spoken.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

struct FanOutOptions {
    std::string dialect;
    std::uint32_t readers = 0;
    std::uint64_t window = 0;
    std::uint64_t rate = 0;  // 0: as fast as it goes
    std::size_t bytes = 0;
    std::int64_t warm_s = 0;
    std::int64_t seconds = 0;
};

FanOutOptions read_options(Parameters& parameters) {
    FanOutOptions options;
    options.dialect = parameters.choice("dialect", dialect_names());
    options.readers = static_cast<std::uint32_t>(parameters.number("readers", 1'000));
    options.window = parameters.number("window", 32);
    options.rate = parameters.number("rate", 0, 0);
    options.bytes = static_cast<std::size_t>(parameters.number("bytes", 150, kLeastTextBytes));
    options.warm_s = static_cast<std::int64_t>(parameters.number("warm_s", 2));
    options.seconds = static_cast<std::int64_t>(parameters.number("seconds", 10));
    parameters.finish();
    return options;
}

class FanOut {
public:
    FanOut(Setting& setting, const FanOutOptions& options)
        : loop_(setting.loop),
          options_(options),
          contents_(1, options.bytes, false),
          readers_(setting, options.dialect, contents_, options.readers),
          publisher_(setting, options.dialect, contents_, 1, options.readers),
          pace_(0, std::max<std::uint64_t>(options.rate, 1)),
          due_ns_(options.window),
          left_(options.window) {
        readers_.on_received(
            [this](std::uint32_t, std::uint64_t number, std::int64_t read_ns) { received(number, read_ns); });
        readers_.open_all();
        publisher_.open_all();
    }

    void run(Run& run, Meter& meter) {
        pace_ = Pace(now_ns(), std::max<std::uint64_t>(options_.rate, 1));
        publish_for(options_.warm_s);
        const std::uint64_t before = received_;
        first_measured_ = published_ + 1;
        meter.start();
        publish_for(options_.warm_s + options_.seconds);
        if (options_.rate != 0) wait_for_all();
        meter.stop(run);
        run.count = received_ - before;
        wait_for_all();
        run.latencies.emplace_back(options_.rate == 0 ? "sent_to_reader" : "due_to_reader", latency_);
        run.numbers = {{"messages", static_cast<double>(run.count) / options_.readers}};
    }

private:
    void received(std::uint64_t number, std::int64_t read_ns) {
        ++received_;
        const auto slot = static_cast<std::size_t>(number % options_.window);
        if (number >= first_measured_) latency_.record(read_ns - due_ns_[slot]);
        if (--left_[slot] == 0) ++done_;  // readers get them in order, so messages are done in order
    }

    [[nodiscard]] std::int64_t next_due_ns() const noexcept {
        return options_.rate == 0 ? 0 : pace_.due_ns(published_ / options_.window * options_.window);
    }

    // What is due until so many seconds after the start.
    void publish_for(std::int64_t seconds) {
        constexpr std::int64_t kMostNs = 60 * kSecond;
        const std::int64_t until_ns = pace_.due_ns(0) + seconds * kSecond;
        const auto is_over = [&](std::int64_t now) {
            return now >= until_ns && (options_.rate == 0 || next_due_ns() >= until_ns);
        };
        for (std::int64_t now = now_ns(); !is_over(now); now = now_ns()) {
            if (now > until_ns + kMostNs) throw Failure("after 60 s: not all that was due could be sent");
            while (published_ - done_ < options_.window && next_due_ns() <= std::min(now, until_ns - 1))
                publish(options_.rate == 0 ? now : next_due_ns());
            const bool is_full = published_ - done_ == options_.window;
            const std::int64_t most_ns = std::max(until_ns, now + kSecond / 10);
            loop_.turn(is_full ? most_ns : std::min(most_ns, next_due_ns()));
        }
    }

    void wait_for_all() {
        wait_for(
            loop_, 30, [this] { return done_ == published_; },
            [this] { return std::to_string(published_ - done_) + " messages are not with all readers"; });
    }

    void publish(std::int64_t due_ns) {
        const auto slot = static_cast<std::size_t>(++published_ % options_.window);
        due_ns_[slot] = due_ns;
        left_[slot] = options_.readers;
        publisher_.publish_next(0);
    }

    Loop& loop_;
    FanOutOptions options_;
    Contents contents_;
    SpokenReaders readers_;
    SpokenPublishers publisher_;
    Pace pace_;
    std::vector<std::int64_t> due_ns_;  // by number mod window
    std::vector<std::uint64_t> left_;   // the same: readers that do not have it yet
    std::uint64_t published_ = 0;
    std::uint64_t done_ = 0;  // with all readers
    std::uint64_t received_ = 0;
    std::uint64_t first_measured_ = UINT64_MAX;
    Histogram latency_;
};

}  // namespace

Run run_spoken_fan_out(Setting& setting) {
    const FanOutOptions options = read_options(setting.parameters);
    Run run;
    run.scenario = options.rate == 0 ? "spoken-fan-out closed" : "spoken-fan-out";
    run.unit = "deliveries";
    Meter meter(setting);
    FanOut fan_out(setting, options);
    fan_out.run(run, meter);
    return run;
}

}  // namespace streamhost::load
