#include "talkers.hpp"

#include <algorithm>
#include <utility>

#include "greeted.hpp"

namespace streamhost::load {
namespace {

constexpr std::uint64_t kMostPerAppend = 64;
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kLeastBackoff = 50 * kMs;
constexpr std::int64_t kMostBackoff = 500 * kMs;

}  // namespace

Talkers::Talkers(Setting& setting, Models& models, const Schedule& schedule)
    : loop_(setting.loop), models_(models), schedule_(schedule), talkers_(models.size()) {
    for (const std::uint16_t port : setting.ports) {
        targets_.push_back(setting.target);
        targets_.back().port = port;
    }
    for (std::uint32_t number = 0; number < models.size(); ++number) {
        connections_.push_back(std::make_unique<Connection>(loop_, *this, number));
        talkers_[number].target = number % targets_.size();
    }
}

std::string Talkers::session_of(std::uint32_t number) const {
    const std::string& stream = models_[number]->id();
    return stream.substr(0, stream.find('.'));
}

void Talkers::open_all() {
    while (started_ < talkers_.size() && started_ < Crowd::kAtOnce)
        open(started_++);
    wait_for(
        loop_, 60, [this] { return ready_ == talkers_.size(); },
        [this] {
            return std::to_string(ready_) + " of " + std::to_string(talkers_.size()) + " clients are ready";
        });
}

void Talkers::open(std::uint32_t number) {
    Talker& talker = talkers_[number];
    talker.phase = Phase::kHello;
    connections_[number]->open(targets_[talker.target]);
}

void Talkers::opened(Connection& connection) { connection.send_text(hello(session_of(connection.number()))); }

bool Talkers::lost(Connection& connection, std::string_view) {
    Talker& talker = talkers_[connection.number()];
    const std::int64_t now = now_ns();
    if (talker.lost_ns == 0) talker.lost_ns = now;
    ++cuts_;
    talker.phase = Phase::kAway;
    // It waited at least that long, and the next try counts anew.
    if (talker.asked_ns != 0) answers_.record(now - std::exchange(talker.asked_ns, 0));
    talker.target = (talker.target + 1) % targets_.size();
    // Spread, so that those of one server do not come as one wave.
    talker.backoff_ns = std::clamp(2 * talker.backoff_ns, kLeastBackoff, kMostBackoff);
    wake_at(now + talker.backoff_ns * (connection.number() % 16) / 16, connection.number());
    return true;
}

std::int64_t Talkers::wake(std::int64_t now) {
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
        const std::uint32_t number = wakes_.extract(wakes_.begin()).mapped();
        Talker& talker = talkers_[number];
        if (talker.phase == Phase::kAway) {
            open(number);
        } else if (talker.phase == Phase::kOpen && talker.asked_ns == 0) {
            append(number, talker);
        }
    }
    return wakes_.empty() ? INT64_MAX : wakes_.begin()->first;
}

void Talkers::message(Connection& connection, std::string_view text) {
    Talker& talker = talkers_[connection.number()];
    const ServerFrame& frame = reader_.read(text);
    if (frame.type == FrameType::kGoaway) return;  // the end of the connection follows
    if (frame.type == FrameType::kAppended ||
        (frame.type == FrameType::kError && frame.stream.empty() && frame.id != 1 && frame.id != 2))
        return answered(connection, talker, frame);
    if (talker.phase == Phase::kHello || talker.phase == Phase::kSession)
        return welcomed(connection, talker, frame);
    if (frame.stream == read_by(connection.number()).id()) return read(connection, talker, frame);
    if (frame.type == FrameType::kError || frame.type == FrameType::kChunk)
        throw Failure("client " + std::to_string(connection.number()) + " got " +
                      std::string(text.substr(0, 300)));
}

void Talkers::welcomed(Connection& connection, Talker& talker, const ServerFrame& frame) {
    if (frame.type == FrameType::kError) {
        if (!frame.is_retryable) throw Failure("hello was refused: " + std::string(frame.code));
        return;  // the end of the connection follows
    }
    if (frame.type == FrameType::kWelcome) talker.phase = Phase::kSession;
    if (frame.type != FrameType::kCaughtUp || frame.stream != session_of(connection.number())) return;
    talker.phase = Phase::kCatching;
    StreamModel& model = read_by(connection.number());
    const std::uint64_t last = talker.position.last();
    connection.send_text(subscribe_after(2, model.id(), last, model.check(last)));
}

void Talkers::read(Connection& connection, Talker& talker, const ServerFrame& frame) {
    StreamModel& model = read_by(connection.number());
    switch (frame.type) {
    case FrameType::kChunk:
        talker.position.take(model, frame.from == 0 ? frame.seq : frame.from, frame.seq, frame.check,
                             frame.delta);
        return read_until(connection.number(), talker, connection.read_ns());
    case FrameType::kSnapshot:
        ++snapshots_;
        talker.position.take_snapshot(model, frame.seq, frame.check, frame.delta);
        return read_until(connection.number(), talker, connection.read_ns());
    case FrameType::kCaughtUp: return caught_up(connection.number(), talker);
    case FrameType::kSubscribed: return;
    default:
        throw Failure("client " + std::to_string(connection.number()) + " got " +
                      std::string(frame.type_name) + " " + std::string(frame.code) + " of its stream");
    }
}

void Talkers::read_until(std::uint32_t number, Talker& talker, std::int64_t read_ns) {
    const std::uint64_t stream = (number + 1) % models_.size();
    for (; talker.seen < talker.position.last(); ++talker.seen) {
        const std::uint64_t index = schedule_.index_of(stream, talker.seen + 1);
        const std::int64_t due_ns = schedule_.pace.due_ns(index);
        if (index >= schedule_.first_measured) to_reader_.record(read_ns - due_ns);
        for (Mark& mark : marks_) {
            std::int64_t& first = mark.read_ns[number];
            if (first == 0 && due_ns >= mark.at_ns) first = read_ns - mark.at_ns;
        }
    }
}

void Talkers::caught_up(std::uint32_t number, Talker& talker) {
    if (talker.phase == Phase::kOpen) return;
    talker.phase = Phase::kOpen;
    talker.backoff_ns = 0;
    if (talker.lost_ns != 0) come_back_.record(now_ns() - std::exchange(talker.lost_ns, 0));
    if (!std::exchange(talker.was_ready, true)) {
        ++ready_;
        if (started_ < talkers_.size()) open(started_++);
    }
    append(number, talker);
}

void Talkers::due(std::uint64_t index) {
    const auto number = static_cast<std::uint32_t>(index % schedule_.streams);
    Talker& talker = talkers_[number];
    ++talker.due;
    // What waits for an answer, or to be said again, goes first.
    if (talker.phase == Phase::kOpen && talker.on_way == 0) append(number, talker);
}

void Talkers::append(std::uint32_t number, Talker& talker) {
    if (talker.on_way == 0) {
        if (talker.written == talker.due) return;
        talker.on_way = std::min(talker.due, talker.written + kMostPerAppend);
    }
    constexpr std::uint64_t kFirstId = 3;
    StreamModel& model = *models_[number];
    std::string request =
        begin_append(kFirstId + ++talker.tries, model.id(), "k" + std::to_string(talker.written));
    for (std::uint64_t seq = talker.written + 1; seq <= talker.on_way; ++seq)
        add_entry(request, model.text(seq));
    end_append(request);
    talker.asked_ns = now_ns();
    connections_[number]->send_text(request);
}

void Talkers::answered(Connection& connection, Talker& talker, const ServerFrame& frame) {
    if (talker.asked_ns == 0) throw Failure("an answer that nobody waits for");
    answers_.record(connection.read_ns() - talker.asked_ns);
    if (frame.type == FrameType::kError) return refused(connection, talker, frame);
    acknowledged(connection, talker, frame);
}

void Talkers::refused(Connection& connection, Talker& talker, const ServerFrame& frame) {
    if (!frame.is_retryable)
        throw Failure("client " + std::to_string(connection.number()) +
                      " was refused: " + std::string(frame.code));
    ++refusals_;
    talker.asked_ns = 0;
    const std::int64_t wait_ns =
        std::clamp(static_cast<std::int64_t>(frame.retry_after_ms) * kMs, kLeastBackoff, kMostBackoff);
    wake_at(now_ns() + wait_ns, connection.number());
}

void Talkers::acknowledged(const Connection& connection, Talker& talker, const ServerFrame& frame) {
    const std::uint32_t number = connection.number();
    StreamModel& model = *models_[number];
    if (frame.stream != model.id() || frame.first != talker.written + 1 || frame.last != talker.on_way)
        throw Failure("entries " + std::to_string(talker.written + 1) + " to " +
                      std::to_string(talker.on_way) + " of " + model.id() + " became " +
                      std::to_string(frame.first) + " to " + std::to_string(frame.last) + " of " +
                      std::string(frame.stream));
    if (frame.check != model.check(talker.on_way)) throw Failure("stream " + model.id() + ": another check");
    for (Mark& mark : marks_) {
        std::int64_t& first = mark.wrote_ns[number];
        if (first == 0 && talker.asked_ns >= mark.at_ns) first = connection.read_ns() - mark.at_ns;
    }
    while (talker.written < talker.on_way) {
        const std::uint64_t index = schedule_.index_of(number, ++talker.written);
        if (index >= schedule_.first_measured)
            to_acknowledged_.record(connection.read_ns() - schedule_.pace.due_ns(index));
    }
    talker.on_way = 0;
    talker.asked_ns = 0;
    append(number, talker);
}

void Talkers::mark(const std::string& name) {
    const std::size_t size = talkers_.size();
    marks_.push_back({name, now_ns(), std::vector<std::int64_t>(size), std::vector<std::int64_t>(size)});
}

bool Talkers::is_done() const {
    for (std::size_t number = 0; number < talkers_.size(); ++number) {
        const Talker& talker = talkers_[number];
        const std::uint64_t to_read = talkers_[(number + 1) % talkers_.size()].due;
        if (talker.written != talker.due || talker.position.last() != to_read) return false;
    }
    return true;
}

std::string Talkers::missing() const {
    std::uint64_t unwritten = 0;
    std::uint64_t unread = 0;
    for (std::size_t number = 0; number < talkers_.size(); ++number) {
        unwritten += talkers_[number].due - talkers_[number].written;
        unread += talkers_[(number + 1) % talkers_.size()].due - talkers_[number].position.last();
    }
    return std::to_string(unwritten) + " entries are not acknowledged, " + std::to_string(unread) +
           " not read";
}

void Talkers::add_to(Run& run) const {
    run.count = to_reader_.count();
    run.latencies = {{"due_to_reader", to_reader_},
                     {"due_to_acknowledged", to_acknowledged_},
                     {"append_to_answer", answers_}};
    if (come_back_.count() > 0) run.latencies.emplace_back("lost_to_caught_up", come_back_);
    std::uint64_t written = 0;
    for (const Talker& talker : talkers_)
        written += talker.written;
    run.numbers = {{"entries", static_cast<double>(written)},
                   {"cuts", static_cast<double>(cuts_)},
                   {"refusals", static_cast<double>(refusals_)},
                   {"snapshots", static_cast<double>(snapshots_)}};
    for (const Mark& mark : marks_) {
        // 0: it never wrote, or read, again.
        const auto most_ms = [](const std::vector<std::int64_t>& times) {
            const bool has_all = std::find(times.begin(), times.end(), 0) == times.end();
            return has_all ? static_cast<double>(*std::max_element(times.begin(), times.end())) / kMs : 0.0;
        };
        run.numbers.emplace_back("all_wrote_ms_after_" + mark.name, most_ms(mark.wrote_ns));
        run.numbers.emplace_back("all_read_ms_after_" + mark.name, most_ms(mark.read_ns));
    }
}

}  // namespace streamhost::load
