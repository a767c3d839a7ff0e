#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "crowd.hpp"
#include "delivery.hpp"
#include "frames.hpp"
#include "model.hpp"

namespace streamhost::load {

// Clients that go on whatever becomes of a server or of the store. Each has a session and a shared stream in
// it, to which it writes when entries are due, and reads the stream of the next one, which is connected to
// another server. One append is on its way per client; what falls due meanwhile goes with the next one. An
// append that was refused for now, or whose answer was lost with its connection, is said again with its key.
// Who is cut off comes back at the next server and goes on reading where it stood.
class Talkers final : public Connection::Events {
public:
    Talkers(Setting& setting, Models& models, const Schedule& schedule);

    void open_all();
    // One more entry for the client whose turn it is.
    void due(std::uint64_t index);
    // What is to be done again, or anew. When next.
    std::int64_t wake(std::int64_t now_ns);
    // Something happens now: see Mark.
    void mark(const std::string& name);
    [[nodiscard]] bool is_done() const;
    [[nodiscard]] std::string missing() const;
    void add_to(Run& run) const;

private:
    enum class Phase : std::uint8_t { kAway = 1, kHello, kSession, kCatching, kOpen };
    struct Talker {
        Phase phase = Phase::kAway;
        std::size_t target = 0;
        std::uint64_t due = 0;      // entries that it should have written by now
        std::uint64_t written = 0;  // that were acknowledged
        std::uint64_t on_way = 0;   // the last one of the append without an acknowledgement; 0: none
        std::uint64_t tries = 0;    // of appends; the id of the one on its way
        std::int64_t asked_ns = 0;  // when it was sent; 0: it waits to be sent again
        std::int64_t lost_ns = 0;   // when the connection ended
        std::int64_t backoff_ns = 0;
        Position position;       // in the stream that it reads
        std::uint64_t seen = 0;  // the newest entry that it ever read
        bool was_ready = false;
    };
    // How long after it each client wrote (the first append that was sent later and acknowledged) and read
    // (the first entry that was due later) again.
    struct Mark {
        std::string name;
        std::int64_t at_ns = 0;
        std::vector<std::int64_t> wrote_ns;
        std::vector<std::int64_t> read_ns;
    };

    void opened(Connection& connection) override;
    void message(Connection& connection, std::string_view text) override;
    bool lost(Connection& connection, std::string_view what) override;
    void open(std::uint32_t number);
    void welcomed(Connection& connection, Talker& talker, const ServerFrame& frame);
    void read(Connection& connection, Talker& talker, const ServerFrame& frame);
    void caught_up(std::uint32_t number, Talker& talker);
    void append(std::uint32_t number, Talker& talker);
    void answered(Connection& connection, Talker& talker, const ServerFrame& frame);
    void refused(Connection& connection, Talker& talker, const ServerFrame& frame);
    void acknowledged(const Connection& connection, Talker& talker, const ServerFrame& frame);
    void read_until(std::uint32_t number, Talker& talker, std::int64_t read_ns);
    void wake_at(std::int64_t at_ns, std::uint32_t number) { wakes_.emplace(at_ns, number); }
    [[nodiscard]] StreamModel& read_by(std::uint32_t number) {
        return *models_[(number + 1) % models_.size()];
    }
    [[nodiscard]] std::string session_of(std::uint32_t number) const;

    Loop& loop_;
    std::vector<Target> targets_;
    Models& models_;
    const Schedule& schedule_;
    FrameReader reader_{FrameReader::Manner::kGoesOn};
    std::vector<Talker> talkers_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::multimap<std::int64_t, std::uint32_t> wakes_;
    std::vector<Mark> marks_;
    std::uint32_t started_ = 0;
    std::uint32_t ready_ = 0;
    std::uint64_t cuts_ = 0;
    std::uint64_t refusals_ = 0;
    std::uint64_t snapshots_ = 0;
    Histogram to_reader_;
    Histogram to_acknowledged_;
    Histogram answers_;    // from an append that was sent to any answer, or to the loss of its connection
    Histogram come_back_;  // from a lost connection until caught up elsewhere
};

}  // namespace streamhost::load
