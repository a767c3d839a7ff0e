#include "delivery.hpp"

namespace streamhost::load {

Readers::Readers(Setting& setting, Models& models, const Schedule& schedule, std::uint32_t per_stream,
                 bool expects_end)
    : Greeted(setting.loop, setting.target, static_cast<std::uint32_t>(models.size()) * per_stream, 0),
      models_(models),
      schedule_(schedule),
      per_stream_(per_stream),
      expects_end_(expects_end),
      positions_(size()) {}

void Readers::greeted(Connection& connection) {
    connection.send_text(subscribe(2, models_[index_of(connection) / per_stream_]->id()));
}

void Readers::frame(Connection& connection, const ServerFrame& frame) {
    const std::uint32_t index = index_of(connection);
    StreamModel& model = *models_[index / per_stream_];
    if (frame.stream != model.id()) return Greeted::frame(connection, frame);
    switch (frame.type) {
    case FrameType::kSubscribed: return;
    case FrameType::kCaughtUp: return ready(connection);
    case FrameType::kChunk: return chunk(connection, frame);
    case FrameType::kEnd:
        positions_[index].take_end(model, frame.seq, frame.check, frame.outcome);
        if (positions_[index].last() == schedule_.last_seq()) ++done_;
        return;
    default: return Greeted::frame(connection, frame);
    }
}

void Readers::chunk(const Connection& connection, const ServerFrame& frame) {
    const std::uint32_t index = index_of(connection);
    const std::uint32_t stream = index / per_stream_;
    Position& position = positions_[index];
    const std::uint64_t from = frame.from == 0 ? frame.seq : frame.from;
    position.take(*models_[stream], from, frame.seq, frame.check, frame.delta);
    ++frames_;
    for (std::uint64_t seq = from; seq <= frame.seq; ++seq) {
        const std::uint64_t entry = schedule_.index_of(stream, seq);
        if (entry >= schedule_.first_measured)
            latency_.record(connection.read_ns() - schedule_.pace.due_ns(entry));
    }
    if (!expects_end_ && position.last() == schedule_.last_seq()) ++done_;
}

std::string Readers::missing() const {
    return std::to_string(size() - done_) + " of " + std::to_string(size()) + " readers miss entries";
}

Producers::Producers(Setting& setting, Models& models, const Schedule& schedule, std::uint32_t count,
                     std::uint32_t first_number, bool owns)
    : Greeted(setting.loop, setting.target, count, first_number),
      models_(models),
      schedule_(schedule),
      owns_(owns),
      fences_(models.size()),
      to_claim_(count),
      unclaimed_(count) {
    for (std::uint64_t stream = 0; stream < models.size(); ++stream)
        ++unclaimed_[static_cast<std::size_t>(stream % count)];
    for (std::uint32_t index = 0; index < count; ++index)
        to_claim_[index] = index;
}

// A few claims are out at a time: their answers are direct ones, of which the server keeps 64 per reader.
void Producers::greeted(Connection& connection) {
    constexpr int kClaimsOut = 16;
    if (!owns_ || unclaimed_[index_of(connection)] == 0) return ready(connection);
    for (int claims = 0; claims < kClaimsOut; ++claims)
        claim_next(connection);
}

void Producers::claim_next(Connection& connection) {
    std::uint64_t& stream = to_claim_[index_of(connection)];
    if (stream >= models_.size()) return;
    connection.send_text(claim(stream, models_[static_cast<std::size_t>(stream)]->id()));
    stream += size();
}

void Producers::frame(Connection& connection, const ServerFrame& frame) {
    switch (frame.type) {
    case FrameType::kClaimed: return claimed(connection, frame);
    case FrameType::kAppended: return appended(connection, frame);
    default: return Greeted::frame(connection, frame);
    }
}

void Producers::claimed(Connection& connection, const ServerFrame& frame) {
    if (frame.id >= models_.size() || models_[static_cast<std::size_t>(frame.id)]->id() != frame.stream)
        throw Failure("claimed another stream than asked for: " + std::string(frame.stream));
    if (frame.seq != 0) throw Failure("stream " + std::string(frame.stream) + " was not empty");
    fences_[static_cast<std::size_t>(frame.id)] = frame.fence;
    claim_next(connection);
    if (--unclaimed_[index_of(connection)] == 0) ready(connection);
}

void Producers::append_next(std::uint64_t index) {
    const auto stream = static_cast<std::size_t>(index % schedule_.streams);
    const std::uint64_t seq = index / schedule_.streams + 1;
    StreamModel& model = *models_[stream];
    at(static_cast<std::uint32_t>(stream % size()))
        .send_text(append({.id = index,
                           .stream = model.id(),
                           .fence = fences_[stream],
                           .seq = seq,
                           .text = model.text(seq),
                           .ends = owns_ && seq == schedule_.last_seq()}));
}

void Producers::appended(const Connection& connection, const ServerFrame& frame) {
    if (frame.id >= schedule_.total) throw Failure("an answer to an append that was not made");
    StreamModel& model = *models_[static_cast<std::size_t>(frame.id % schedule_.streams)];
    const std::uint64_t seq = frame.id / schedule_.streams + 1;
    const bool ends = owns_ && seq == schedule_.last_seq();
    const std::uint64_t last = ends ? seq + 1 : seq;
    if (frame.stream != model.id() || frame.first != seq || frame.last != last)
        throw Failure("append " + std::to_string(seq) + " of " + model.id() + " became " +
                      std::to_string(frame.first) + " to " + std::to_string(frame.last) + " of " +
                      std::string(frame.stream));
    if (frame.check != (ends ? model.end_check(seq) : model.check(seq)))
        throw Failure("stream " + model.id() + ": another check in the answer to " + std::to_string(seq));
    ++answered_;
    if (frame.id >= schedule_.first_measured)
        latency_.record(connection.read_ns() - schedule_.pace.due_ns(frame.id));
}

std::string Producers::missing() const {
    return std::to_string(schedule_.total - answered_) + " of " + std::to_string(schedule_.total) +
           " appends have no answer";
}

}  // namespace streamhost::load
