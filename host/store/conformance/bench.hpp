#pragma once
// What a driver brings to be tested: a store that works, a way to let it work, and time.

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/limits.hpp"
#include "store/store.hpp"

namespace streamhost::store::conformance {

/// Keeps what arrives live.
class RecordingSink final : public LiveSink {
public:
    struct Live {
        std::string stream;
        std::vector<Record> records;
    };
    struct Message {
        std::string pattern;
        std::string topic;
        std::string payload;
    };

    void on_records(std::string_view stream_id, std::span<const Record> records) override {
        live.push_back({std::string(stream_id), {records.begin(), records.end()}});
    }
    void on_topic(std::string_view pattern, std::string_view topic, const Buffer& payload) override {
        messages.push_back({std::string(pattern), std::string(topic), std::string(payload.view())});
    }
    void on_link(Link link, std::uint64_t epoch) override { links.emplace_back(link, epoch); }

    /// All live records of a stream, in the order of their arrival.
    [[nodiscard]] std::vector<Record> of(std::string_view stream) const {
        std::vector<Record> records;
        for (const Live& entry : live)
            if (entry.stream == stream)
                records.insert(records.end(), entry.records.begin(), entry.records.end());
        return records;
    }

    std::vector<Live> live;
    std::vector<Message> messages;
    std::vector<std::pair<Link, std::uint64_t>> links;
};

/// A running store with nobody else on it. Destroying it shuts the store down and waits until every command
/// was answered.
class Bench {
public:
    virtual ~Bench() = default;

    [[nodiscard]] virtual Store& store() = 0;
    [[nodiscard]] virtual RecordingSink& sink() = 0;
    [[nodiscard]] virtual const Limits& limits() const = 0;

    /// Lets the store work until `reached` holds, without letting time pass where time is the bench's. False:
    /// it never did.
    virtual bool run_until(const std::function<bool()>& reached) = 0;

    /// Lets at least `ms` of store time pass, and everything happen that is due by then.
    virtual void advance(std::int64_t ms) = 0;

    /// What to add to a time before its passing shows for certain; 0 where time is the bench's.
    [[nodiscard]] virtual std::int64_t slack_ms() const { return 0; }
};

/// A driver. `make` starts from an empty store and the given limits.
struct Driver {
    std::string name;
    Limits limits;
    /// With lifetimes that the suite can wait for: the real ones where time is the bench's, some hundred
    /// milliseconds elsewhere.
    Limits short_lived;
    /// Whether the bench owns the time: then tests may let a month pass.
    bool manual_time = false;
    std::function<std::unique_ptr<Bench>(const Limits&)> make;

    friend void PrintTo(const Driver& driver, std::ostream* out) { *out << driver.name; }
};

}  // namespace streamhost::store::conformance
