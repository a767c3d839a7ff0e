// How many store-numbered publishes a second the product's own driver and client bring to a Redis server, to
// random streams of bounded length, one on its way per stream. Checks every answer, and at the end every
// entry that is kept.
//
//   redis_publish run PORT [name=value]...    measures; prints one JSON object
//   redis_publish words [name=value]...       what redis-benchmark is to send for the same: the script's
//   text, then the
//                                             words behind EVALSHA <sha>, each with a NUL behind it
#include <sys/resource.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "redis/driver/lua_scripts.hpp"
#include "redis/resp.hpp"
#include "rig.hpp"
#include "store/chain.hpp"

namespace streamhost::bench {
namespace {

// redis-benchmark puts a number of twelve digits in its place.
constexpr std::string_view kNumber = "__rand_int__";

struct Options {
    std::uint64_t records = 1;  // of a call
    std::uint64_t streams = 1'000;
    std::uint64_t seconds = 5;
    std::uint64_t in_flight = 500;
    std::uint64_t entries = 100;  // that a stream keeps
    std::uint64_t bytes = 100;    // of an entry
};

Options read_options(const std::vector<std::string>& words) {
    Options options;
    const std::map<std::string, std::uint64_t*> known = {
        {"records", &options.records},     {"streams", &options.streams}, {"seconds", &options.seconds},
        {"in_flight", &options.in_flight}, {"entries", &options.entries}, {"bytes", &options.bytes}};
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        const auto at = known.find(word.substr(0, equals));
        if (equals == std::string::npos || at == known.end())
            throw std::runtime_error("unknown word " + word);
        const char* const end = word.data() + word.size();
        const auto read = std::from_chars(word.data() + equals + 1, end, *at->second);
        if (read.ec != std::errc() || read.ptr != end || *at->second == 0)
            throw std::runtime_error("no number: " + word);
    }
    if (options.in_flight >= options.streams) throw std::runtime_error("in_flight is less than streams");
    return options;
}

store::Limits limits_of(const Options& options) {
    store::Limits limits;
    limits.shared_entries = options.entries;
    return limits;
}

std::vector<store::Entry> entries_of(const Options& options) {
    const auto bytes = static_cast<std::size_t>(options.bytes);
    return std::vector<store::Entry>(static_cast<std::size_t>(options.records),
                                     {store::Type::kText, store::Buffer::copy_of(std::string(bytes, 'x'))});
}

std::string digits(std::uint64_t number) {
    std::array<char, 13> text{};
    std::snprintf(text.data(), text.size(), "%012llu",
                  static_cast<unsigned long long>(number % 1'000'000'000'000));
    return {text.data(), 12};
}

// Keeps what it is given instead of sending it.
class Catcher final : public redis::Port {
public:
    void start(redis::PortEvents&, std::vector<std::string>) override {}
    store::Submit call(std::string_view, std::string command, std::uint32_t, redis::CallDone done) override {
        command_ = std::move(command);
        done_ = std::move(done);
        return store::Submit::kAccepted;
    }
    store::Submit call_once(std::string_view order, std::string command, std::uint32_t timeout_ms,
                            redis::CallDone done) override {
        return call(order, std::move(command), timeout_ms, std::move(done));
    }
    store::Submit listen(redis::ListenTo, std::string_view, std::uint32_t, redis::CallDone) override {
        return store::Submit::kGone;
    }
    store::Submit unlisten(redis::ListenTo, std::string_view, std::uint32_t, redis::CallDone) override {
        return store::Submit::kGone;
    }
    void close() override {
        if (done_) std::exchange(done_, {})({});
    }
    std::uint64_t in_flight() const noexcept override { return done_ ? 1 : 0; }
    std::uint64_t subscriptions() const noexcept override { return 0; }

    [[nodiscard]] const std::string& command() const noexcept { return command_; }

private:
    std::string command_;
    redis::CallDone done_;
};

class Deaf final : public store::LiveSink {
    void on_records(std::string_view, std::span<const store::Record>) override {}
    void on_topic(std::string_view, std::string_view, const store::Buffer&) override {}
    void on_link(store::Link, std::uint64_t) override {}
};

void print_words(const Options& options) {
    Catcher catcher;
    Tasks tasks;
    Deaf deaf;
    redis::RedisStoreOptions store_options;
    store_options.limits = limits_of(options);
    const auto store = redis::make_redis_store(std::move(store_options), catcher, tasks, deaf);
    const std::string key = std::string(kNumber).append(kNumber).append(kNumber);
    const auto entries = entries_of(options);
    (void)store->streams().publish({.id = kNumber, .key = key, .entries = entries}, [](const auto&) {});
    redis::RespReader reader;
    reader.feed(catcher.command());
    if (!reader.next()) throw std::runtime_error("the driver sent no command");
    const redis::RespValue words = reader.value();
    std::cout << redis::lua::kPublish.text << '\0';
    for (std::uint32_t at = 2; at < words.size(); ++at)
        std::cout << words[at].text() << '\0';
    store->shutdown();
    tasks.run_due();
}

struct Stream {
    std::string id;
    std::uint64_t head = 0;
    bool is_busy = false;
};

class Publisher {
public:
    Publisher(Rig& rig, const Options& options)
        : rig_(rig), options_(options), entries_(entries_of(options)) {
        for (std::uint64_t number = 0; number < options.streams; ++number)
            streams_.push_back({digits(number)});
    }

    // Keeps `in_flight` publishes on their way until the time is over, then waits for the last answers.
    void run() {
        const std::int64_t from_ns = now_ns();
        until_ns_ = from_ns + static_cast<std::int64_t>(options_.seconds) * 1'000'000'000;
        for (std::uint64_t index = 0; index < options_.in_flight; ++index)
            publish();
        rig_.run_until([this] { return open_ == 0; });
        seconds_ = static_cast<double>(now_ns() - from_ns) / 1e9;
        if (!failure_.empty()) throw std::runtime_error(failure_);
    }

    // What the server kept of each stream: the newest entries, chained, with the text that was sent.
    void verify() {
        for (const Stream& stream : streams_)
            if (stream.head > 0) verify(stream);
    }

    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
    [[nodiscard]] double seconds() const noexcept { return seconds_; }

private:
    void publish() {
        Stream& stream = free_stream();
        stream.is_busy = true;
        ++open_;
        const std::string key = digits(random_()).append(digits(random_())).append(digits(++calls_));
        const store::Submit submit = rig_.streams().publish(
            {.id = stream.id, .key = key, .entries = entries_},
            [this, &stream](const store::PublishResult& result) { published(stream, result); });
        if (submit != store::Submit::kAccepted) throw std::runtime_error("the driver takes no publish");
    }

    Stream& free_stream() {
        for (;;) {
            Stream& stream = streams_[static_cast<std::size_t>(random_() % streams_.size())];
            if (!stream.is_busy) return stream;
        }
    }

    void published(Stream& stream, const store::PublishResult& result) {
        stream.is_busy = false;
        --open_;
        const bool is_next = result.status == store::Status::kOk && result.first == stream.head + 1 &&
                             result.last.seq == stream.head + options_.records;
        if (!is_next && failure_.empty())
            failure_ = "stream " + stream.id + " answered " +
                       std::to_string(static_cast<int>(result.status)) + ", " + std::to_string(result.first) +
                       " after " + std::to_string(stream.head);
        stream.head = result.last.seq;
        if (failure_.empty() && now_ns() < until_ns_) publish();
    }

    void verify(const Stream& stream) {
        bool has_answer = false;
        std::string fault;
        (void)rig_.streams().read({.id = stream.id}, [&](const store::ReadResult& result) {
            has_answer = true;
            fault = fault_in(stream, result);
        });
        rig_.run_until([&] { return has_answer; });
        if (!fault.empty()) throw std::runtime_error("stream " + stream.id + ": " + fault);
    }

    std::string fault_in(const Stream& stream, const store::ReadResult& result) const {
        if (result.status != store::Status::kOk) return "cannot be read";
        if (result.info.head.seq != stream.head) return "another head than was answered";
        // Several entries go at once: a sixteenth of the bound.
        const std::uint64_t most = std::min(stream.head, options_.entries);
        const std::uint64_t least = std::min(stream.head, options_.entries - options_.entries / 16);
        if (result.records.size() > most || result.records.size() < least)
            return "keeps " + std::to_string(result.records.size()) + " entries";
        store::Position last = result.before;
        for (const store::Record& record : result.records) {
            if (record.seq != last.seq + 1 || record.prev != last.check) return "a hole";
            if (record.check != store::next_check(record.prev, record.type, record.data.view()))
                return "a wrong check";
            if (record.data.view() != entries_.front().data.view()) return "another text";
            last = {record.seq, record.check};
        }
        return last == result.info.head ? "" : "another end";
    }

    Rig& rig_;
    Options options_;
    std::vector<store::Entry> entries_;
    std::vector<Stream> streams_;
    std::mt19937_64 random_{20'221'122};
    std::int64_t until_ns_ = 0;
    std::uint64_t calls_ = 0;
    std::uint64_t open_ = 0;
    double seconds_ = 0;
    std::string failure_;
};

double cpu_s() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void measure(std::uint16_t port, const Options& options) {
    Rig rig(port, limits_of(options));
    Publisher publisher(rig, options);
    const double before_s = cpu_s();
    publisher.run();
    const double used_s = cpu_s() - before_s;
    publisher.verify();
    std::printf("{\"calls\": %llu, \"seconds\": %.3f, \"per_second\": %.0f, \"cpu_s\": %.3f}\n",
                static_cast<unsigned long long>(publisher.calls()), publisher.seconds(),
                static_cast<double>(publisher.calls()) / publisher.seconds(), used_s);
}

int run(const std::vector<std::string>& words) {
    const std::string verb = words.empty() ? "" : words.front();
    if (verb == "words") {
        print_words(read_options({words.begin() + 1, words.end()}));
        return 0;
    }
    if (verb == "run" && words.size() > 1) {
        measure(static_cast<std::uint16_t>(std::stoul(words[1])),
                read_options({words.begin() + 2, words.end()}));
        return 0;
    }
    std::cerr << "usage: redis_publish run PORT [name=value]... | words [name=value]...\n";
    return 2;
}

}  // namespace
}  // namespace streamhost::bench

int main(int argc, char** argv) {
    try {
        return streamhost::bench::run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << "redis_publish: " << error.what() << '\n';
        return 1;
    }
}
