// echo: messages that come back as they went, on the path of the sample plugin. What a WebSocket message
// costs.
#include <string>
#include <vector>

#include "crowd.hpp"
#include "run.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

struct EchoOptions {
    std::string mode;
    std::uint32_t connections = 0;
    std::size_t bytes = 0;
    std::uint64_t rate = 0;
    std::int64_t warm_s = 0;
    std::int64_t seconds = 0;
};

EchoOptions read_options(Parameters& parameters) {
    EchoOptions options;
    options.mode = parameters.choice("mode", {"closed", "open"});
    options.connections = static_cast<std::uint32_t>(parameters.number("connections", 100));
    options.bytes = static_cast<std::size_t>(parameters.number("bytes", 150, kLeastTextBytes));
    if (options.mode == "open") options.rate = parameters.number("rate", 20'000);
    options.warm_s = static_cast<std::int64_t>(parameters.number("warm_s", 2));
    options.seconds = static_cast<std::int64_t>(parameters.number("seconds", 10));
    parameters.finish();
    return options;
}

// Counts per connection; each answer must be the oldest message that is out.
class EchoCrowd : public Crowd {
public:
    EchoCrowd(Setting& setting, const EchoOptions& options)
        : Crowd(setting.loop, setting.target, options.connections),
          text_(options.bytes, ' '),
          sent_(options.connections),
          received_(options.connections) {}

    [[nodiscard]] std::uint64_t out() const noexcept { return out_; }
    [[nodiscard]] std::uint64_t received() const noexcept { return all_received_; }

protected:
    ~EchoCrowd() = default;

    void send_next(std::uint32_t index) {
        write_text(text_, index, sent_[index]++);
        ++out_;
        at(index).send_text(text_);
    }
    // The number of the message, on its connection.
    std::uint64_t verify(std::uint32_t index, std::string_view text) {
        if (received_[index] == sent_[index])
            throw Failure("an echo of nothing on connection " + std::to_string(index));
        write_text(text_, index, received_[index]);
        if (text != text_)
            throw Failure("expected \"" + text_ + "\", got \"" + std::string(text.substr(0, 200)) + "\"");
        --out_;
        ++all_received_;
        return received_[index]++;
    }
    void drain() {
        wait_for(
            loop(), 10, [this] { return out_ == 0; },
            [this] { return std::to_string(out_) + " echoes are missing"; });
    }

private:
    std::string text_;
    std::vector<std::uint64_t> sent_;
    std::vector<std::uint64_t> received_;
    std::uint64_t out_ = 0;
    std::uint64_t all_received_ = 0;
};

// One message out per connection: as fast as it goes.
class ClosedLoop final : public EchoCrowd {
public:
    ClosedLoop(Setting& setting, const EchoOptions& options)
        : EchoCrowd(setting, options), sent_ns_(options.connections) {}

    void run(Run& run, Meter& meter, const EchoOptions& options) {
        for (std::uint32_t index = 0; index < size(); ++index)
            send(index);
        turn_for(options.warm_s);
        const std::uint64_t before = received();
        is_measuring_ = true;
        meter.start();
        turn_for(options.seconds);
        meter.stop(run);
        run.count = received() - before;
        is_measuring_ = false;
        is_stopping_ = true;
        drain();
        run.latencies.emplace_back("round_trip", latency_);
    }

private:
    void message(Connection& connection, std::string_view text) override {
        const std::uint32_t index = index_of(connection);
        verify(index, text);
        if (is_measuring_) latency_.record(connection.read_ns() - sent_ns_[index]);
        if (!is_stopping_) send(index);
    }
    void send(std::uint32_t index) {
        sent_ns_[index] = now_ns();
        send_next(index);
    }
    void turn_for(std::int64_t seconds) {
        const std::int64_t until_ns = now_ns() + seconds * kSecond;
        while (now_ns() < until_ns)
            loop().turn(until_ns);
    }

    std::vector<std::int64_t> sent_ns_;
    Histogram latency_;
    bool is_measuring_ = false;
    bool is_stopping_ = false;
};

// A fixed rate, dealt to the connections in turn, whatever comes back.
class OpenLoop final : public EchoCrowd {
public:
    OpenLoop(Setting& setting, const EchoOptions& options)
        : EchoCrowd(setting, options),
          first_measured_(options.rate * static_cast<std::uint64_t>(options.warm_s)),
          total_(first_measured_ + options.rate * static_cast<std::uint64_t>(options.seconds)),
          pace_(0, options.rate) {}

    void run(Run& run, Meter& meter, const EchoOptions& options) {
        pace_ = Pace(now_ns(), options.rate);
        std::uint64_t next = 0;
        while (next < total_) {
            const std::int64_t now = now_ns();
            for (; next < total_ && pace_.due_ns(next) <= now; ++next) {
                if (next == first_measured_) meter.start();
                if (next >= first_measured_) run.send_lag.record(now - pace_.due_ns(next));
                send_next(static_cast<std::uint32_t>(next % size()));
            }
            loop().turn(pace_.due_ns(next));
        }
        drain();
        meter.stop(run);
        run.count = latency_.count();
        run.latencies.emplace_back("due_to_echo", latency_);
        if (run.count != total_ - first_measured_) throw Failure("echoes are missing");
    }

private:
    void message(Connection& connection, std::string_view text) override {
        const std::uint32_t index = index_of(connection);
        const std::uint64_t number = verify(index, text) * size() + index;
        if (number >= first_measured_) latency_.record(connection.read_ns() - pace_.due_ns(number));
    }

    std::uint64_t first_measured_;
    std::uint64_t total_;
    Pace pace_;
    Histogram latency_;
};

}  // namespace

Run run_echo(Setting& setting) {
    const EchoOptions options = read_options(setting.parameters);
    setting.target.path = "/echo";
    Run run;
    run.scenario = "echo " + options.mode;
    Meter meter(setting);
    if (options.mode == "closed") {
        ClosedLoop crowd(setting, options);
        crowd.open_all();
        crowd.run(run, meter, options);
    } else {
        OpenLoop crowd(setting, options);
        crowd.open_all();
        crowd.run(run, meter, options);
    }
    return run;
}

}  // namespace streamhost::load
