// accept: connections that open, upgrade and go, a number of them at any time.
#include "crowd.hpp"
#include "dialect.hpp"
#include "run.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

class Openers final : public Crowd {
public:
    Openers(Setting& setting, std::uint32_t count, Histogram& latency)
        : Crowd(setting.loop, setting.target, count), latency_(latency) {}

private:
    void opened(Connection& connection) override {
        latency_.record(connection.read_ns() - connection.open_ns());
        ready(connection);
    }
    void message(Connection&, std::string_view) override {}  // some greet whoever comes
    Histogram& latency_;
};

}  // namespace

Run run_accept(Setting& setting) {
    const auto connections = static_cast<std::uint32_t>(setting.parameters.number("connections", 5'000));
    const std::uint64_t rounds = setting.parameters.number("rounds", 10);
    const std::string dialect = setting.parameters.choice("dialect", dialect_names());
    setting.parameters.finish();
    Contents contents(1, kLeastTextBytes, false);
    make_dialect(dialect, {.role = Role::kEcho}, contents)->aim(setting.target);
    Run run;
    run.scenario = "accept";
    run.unit = "upgrades";
    Histogram warm;
    Histogram latency;
    Meter meter(setting);
    // The resets of one round are the server's work in the next, as with clients that come and go.
    for (std::uint64_t round = 0; round <= rounds; ++round) {
        Openers openers(setting, connections, round == 0 ? warm : latency);
        if (round > 0) meter.start();
        openers.open_all();
        if (round > 0) meter.stop(run);
    }
    run.count = latency.count();
    if (run.count != connections * rounds) throw Failure("upgrades are missing");
    run.latencies.emplace_back("connect_to_upgraded", latency);
    return run;
}

}  // namespace streamhost::load
