// fan-out: one shared stream, one producer, many readers. What an entry costs per reader.
// streams: many owned streams, each with one reader, a few producers. What an answer that streams costs. With
// two servers it is written at the first and read at the second, and with a Redis beside them the same goes
// there bare. bare: that alone.
#include <string>

#include "bare.hpp"
#include "delivery.hpp"
#include "produce.hpp"
#include "text.hpp"

namespace streamhost::load {
namespace {

struct DeliveryOptions {
    std::uint32_t streams = 1;
    std::uint32_t readers = 1;  // per stream
    std::uint32_t producers = 1;
    std::uint64_t rate = 1;  // entries per second, of all streams
    std::size_t bytes = 0;
    std::uint64_t warm_s = 0;
    std::uint64_t seconds = 0;
    bool owns = false;
};

void read_common(Parameters& parameters, DeliveryOptions& options) {
    options.bytes = static_cast<std::size_t>(parameters.number("bytes", 100, kLeastTextBytes));
    options.warm_s = parameters.number("warm_s", 2);
    options.seconds = parameters.number("seconds", 10);
    parameters.finish();
}

Schedule schedule_of(const DeliveryOptions& options) {
    Schedule schedule;
    schedule.streams = options.streams;
    schedule.per_second = options.rate;
    schedule.first_measured = options.rate * options.warm_s;
    const std::uint64_t wanted = options.rate * (options.warm_s + options.seconds);
    schedule.total = (wanted + options.streams - 1) / options.streams * options.streams;
    return schedule;
}

Models models_of(const DeliveryOptions& options) {
    Models models;
    for (std::uint32_t number = 0; number < options.streams; ++number) {
        std::string id = "load-stream-" + std::to_string(number) + (options.owns ? ".answer" : ".shared");
        models.push_back(std::make_unique<StreamModel>(std::move(id), number, options.bytes));
    }
    return models;
}

Run deliver(Setting& setting, const DeliveryOptions& options, const std::string& name) {
    use_protocol(setting.target);
    Schedule schedule = schedule_of(options);
    Models models = models_of(options);
    Producers producers(setting, models, schedule, options.producers, options.streams * options.readers,
                        options.owns);
    setting.target.port = setting.ports.back();
    Readers readers(setting, models, schedule, options.readers, options.owns);
    readers.open_all();
    producers.open_all();

    Run run;
    run.scenario = name;
    run.unit = "deliveries";
    Meter meter(setting);
    produce(
        setting, schedule, [&](std::uint64_t index) { producers.append_next(index); }, meter, run);
    wait_for(
        setting.loop, 30, [&] { return readers.is_done() && producers.is_done(); },
        [&] { return readers.missing() + ", " + producers.missing(); });
    meter.stop(run);

    run.count = readers.latency().count();
    if (run.count != (schedule.total - schedule.first_measured) * options.readers)
        throw Failure("deliveries are missing");
    run.latencies = {{"due_to_reader", readers.latency()}, {"due_to_answer", producers.latency()}};
    const double all = static_cast<double>(schedule.total) * options.readers;
    run.numbers = {{"entries", static_cast<double>(schedule.total - schedule.first_measured)},
                   {"entries_per_frame", all / static_cast<double>(readers.frames())}};
    return run;
}

}  // namespace

Run run_fan_out(Setting& setting) {
    DeliveryOptions options;
    options.readers = static_cast<std::uint32_t>(setting.parameters.number("readers", 1'000));
    options.rate = setting.parameters.number("rate", 50);
    read_common(setting.parameters, options);
    return deliver(setting, options, "fan-out");
}

Run run_streams(Setting& setting) {
    DeliveryOptions options;
    options.owns = setting.parameters.choice("kind", {"owned", "shared"}) == "owned";
    options.streams = static_cast<std::uint32_t>(setting.parameters.number("streams", 1'000));
    options.producers = static_cast<std::uint32_t>(setting.parameters.number("producers", 8));
    options.rate = setting.parameters.number("rate", 10'000);
    read_common(setting.parameters, options);
    return deliver(setting, options, "streams");
}

Run run_bare(Setting& setting) {
    DeliveryOptions options;
    options.streams = static_cast<std::uint32_t>(setting.parameters.number("streams", 1'000));
    options.rate = setting.parameters.number("rate", 10'000);
    read_common(setting.parameters, options);
    Schedule schedule = schedule_of(options);
    Bare bare(setting.loop, setting.redis_port, schedule, options.bytes);
    bare.subscribe_all();
    Run run;
    run.scenario = "bare";
    Meter meter(setting);
    produce(
        setting, schedule, [&](std::uint64_t index) { bare.publish_next(index); }, meter, run);
    wait_for(
        setting.loop, 30, [&] { return bare.is_done(); }, [&] { return bare.missing(); });
    meter.stop(run);
    run.count = bare.latency().count();
    run.latencies = {{"bare", bare.latency()}};
    return run;
}

}  // namespace streamhost::load
