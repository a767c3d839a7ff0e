// recover: streams of many entries, written at the first server, each read from its start at the last one,
// which has never seen it. What it costs a reader to come back on another node.
#include <algorithm>
#include <string>

#include "delivery.hpp"

namespace streamhost::load {
namespace {

struct RecoverOptions {
    std::uint32_t streams = 0;
    std::uint64_t entries = 0;  // of each
    std::size_t bytes = 0;
};

constexpr std::uint64_t kPerAppend = 100;

// Fills one stream after the other, an append at a time.
class Filler final : public Greeted {
public:
    Filler(Setting& setting, Models& models, const RecoverOptions& options)
        : Greeted(setting.loop, setting.target, 1, 0), models_(models), options_(options) {}

    void fill() {
        open_all();
        wait_for(
            loop(), 60, [this] { return stream_ == models_.size(); },
            [this] { return std::to_string(models_.size() - stream_) + " streams are not written"; });
    }

private:
    void greeted(Connection& connection) override {
        ready(connection);
        append_next(connection);
    }

    void append_next(Connection& connection) {
        if (stream_ == models_.size()) return;
        StreamModel& model = *models_[stream_];
        std::string request = begin_append(1, model.id(), std::to_string(written_));
        const std::uint64_t last = std::min(written_ + kPerAppend, options_.entries);
        while (written_ < last)
            add_entry(request, model.text(++written_));
        end_append(request);
        connection.send_text(request);
    }

    void frame(Connection& connection, const ServerFrame& frame) override {
        if (frame.type != FrameType::kAppended) return Greeted::frame(connection, frame);
        StreamModel& model = *models_[stream_];
        if (frame.stream != model.id() || frame.last != written_ || frame.check != model.check(written_))
            throw Failure("stream " + model.id() + ": another answer than " + std::to_string(written_));
        if (written_ == options_.entries) {
            ++stream_;
            written_ = 0;
        }
        append_next(connection);
    }

    Models& models_;
    const RecoverOptions& options_;
    std::size_t stream_ = 0;
    std::uint64_t written_ = 0;
};

// Subscribes to one stream after the other; the time counts from before the frame is written.
class Comer final : public Greeted {
public:
    Comer(Setting& setting, Models& models, const RecoverOptions& options)
        : Greeted(setting.loop, setting.target, 1, 1), models_(models), options_(options) {}

    void read_all() {
        open_all();
        wait_for(
            loop(), 60, [this] { return stream_ == models_.size(); },
            [this] { return std::to_string(models_.size() - stream_) + " streams are not read"; });
    }
    [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

private:
    void greeted(Connection& connection) override {
        ready(connection);
        subscribe_next(connection);
    }

    void subscribe_next(Connection& connection) {
        if (stream_ == models_.size()) return;
        position_ = {};
        asked_ns_ = now_ns();
        connection.send_text(subscribe_from_start(stream_, models_[stream_]->id()));
    }

    void frame(Connection& connection, const ServerFrame& frame) override {
        StreamModel& model = *models_[stream_];
        if (frame.stream != model.id()) return Greeted::frame(connection, frame);
        if (frame.type == FrameType::kSubscribed) return;
        if (frame.type == FrameType::kChunk) {
            ++frames_;
            position_.take(model, frame.from == 0 ? frame.seq : frame.from, frame.seq, frame.check,
                           frame.delta);
            if (position_.last() == options_.entries) latency_.record(connection.read_ns() - asked_ns_);
            return;
        }
        if (frame.type != FrameType::kCaughtUp) return Greeted::frame(connection, frame);
        if (position_.last() != options_.entries)
            throw Failure("stream " + model.id() + ": caught up at " + std::to_string(position_.last()));
        ++stream_;
        subscribe_next(connection);
    }

    Models& models_;
    const RecoverOptions& options_;
    std::size_t stream_ = 0;
    Position position_;
    std::int64_t asked_ns_ = 0;
    std::uint64_t frames_ = 0;
    Histogram latency_;
};

}  // namespace

Run run_recover(Setting& setting) {
    RecoverOptions options;
    options.streams = static_cast<std::uint32_t>(setting.parameters.number("streams", 60));
    options.entries = setting.parameters.number("entries", 1'000);
    options.bytes = static_cast<std::size_t>(setting.parameters.number("bytes", 100, 32));
    setting.parameters.finish();
    use_protocol(setting.target);
    Models models;
    for (std::uint32_t number = 0; number < options.streams; ++number)
        models.push_back(
            std::make_unique<StreamModel>("old-" + std::to_string(number), number, options.bytes));
    Filler filler(setting, models, options);
    filler.fill();
    setting.target.port = setting.ports.back();
    Comer comer(setting, models, options);
    Run run;
    run.scenario = "recover";
    run.unit = "streams";
    Meter meter(setting);
    meter.start();
    comer.read_all();
    meter.stop(run);
    run.count = comer.latency().count();
    if (run.count != options.streams) throw Failure("streams are missing");
    run.latencies = {{"subscribe_to_last", comer.latency()}};
    run.numbers = {{"frames_per_stream", static_cast<double>(comer.frames()) / options.streams}};
    return run;
}

}  // namespace streamhost::load
