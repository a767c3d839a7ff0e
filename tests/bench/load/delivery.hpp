#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "greeted.hpp"
#include "model.hpp"
#include "pace.hpp"
#include "run.hpp"

namespace streamhost::load {

// Streams that are written at a fixed rate and read by many, over protocol 1. The entries of all streams are
// numbered through: entry `index` is the next one of stream index mod streams, so that what a reader gets
// says by itself when it was due.
struct Schedule {
    std::uint64_t streams = 1;
    std::uint64_t per_second = 1;
    std::uint64_t first_measured = 0;
    std::uint64_t total = 0;  // a multiple of `streams`
    Pace pace{0, 1};          // set when it starts

    [[nodiscard]] std::uint64_t index_of(std::uint64_t stream, std::uint64_t seq) const noexcept {
        return (seq - 1) * streams + stream;
    }
    [[nodiscard]] std::uint64_t last_seq() const noexcept { return total / streams; }
};

using Models = std::vector<std::unique_ptr<StreamModel>>;

// One subscription per connection, from the tail of a stream that nobody has written yet.
class Readers final : public Greeted {
public:
    Readers(Setting& setting, Models& models, const Schedule& schedule, std::uint32_t per_stream,
            bool expects_end);

    [[nodiscard]] bool is_done() const noexcept { return done_ == size(); }
    [[nodiscard]] std::string missing() const;
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
    [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }

private:
    void greeted(Connection& connection) override;
    void frame(Connection& connection, const ServerFrame& frame) override;
    void chunk(const Connection& connection, const ServerFrame& frame);

    Models& models_;
    const Schedule& schedule_;
    std::uint32_t per_stream_;
    bool expects_end_;
    std::vector<Position> positions_;
    std::uint32_t done_ = 0;
    std::uint64_t frames_ = 0;
    Histogram latency_;
};

// Stream s is written by connection s mod size(). Owned streams are claimed first and ended with their last
// entry. Appends go out when they are due, answered or not; order on a connection is all there is.
class Producers final : public Greeted {
public:
    Producers(Setting& setting, Models& models, const Schedule& schedule, std::uint32_t count,
              std::uint32_t first_number, bool owns);

    void append_next(std::uint64_t index);
    [[nodiscard]] bool is_done() const noexcept { return answered_ == schedule_.total; }
    [[nodiscard]] std::string missing() const;
    [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }

private:
    void greeted(Connection& connection) override;
    void frame(Connection& connection, const ServerFrame& frame) override;
    void claim_next(Connection& connection);
    void claimed(Connection& connection, const ServerFrame& frame);
    void appended(const Connection& connection, const ServerFrame& frame);

    Models& models_;
    const Schedule& schedule_;
    bool owns_;
    std::vector<std::string> fences_;       // by stream
    std::vector<std::uint64_t> to_claim_;   // by connection: the next stream
    std::vector<std::uint32_t> unclaimed_;  // by connection: claims without an answer, or not sent
    std::uint64_t answered_ = 0;
    Histogram latency_;
};

}  // namespace streamhost::load
