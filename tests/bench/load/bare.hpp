#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "delivery.hpp"
#include "histogram.hpp"
#include "loop.hpp"

namespace streamhost::load {

// A connection to Redis without anything around it: bytes out, replies of hiredis in.
class RedisSocket final : private Loop::Handler {
public:
    class Events {
    public:
        // The texts of a reply: all of a list, or one. Views until it returns.
        virtual void reply(RedisSocket& socket, const std::vector<std::string_view>& words) = 0;

    protected:
        ~Events() = default;
    };

    RedisSocket(Loop& loop, Events& events, std::uint16_t port);
    ~RedisSocket();
    RedisSocket(const RedisSocket&) = delete;
    RedisSocket& operator=(const RedisSocket&) = delete;

    // Goes out with everything else of this turn of the loop.
    void send(std::initializer_list<std::string_view> words);
    [[nodiscard]] std::int64_t read_ns() const noexcept { return read_ns_; }

private:
    struct Reader;
    void ready(std::uint32_t events) override;
    void flush() override;
    void read();

    Loop& loop_;
    Events& events_;
    int fd_ = -1;
    bool is_flushing_ = false;
    bool is_blocked_ = false;
    std::string out_;
    std::int64_t read_ns_ = 0;
    std::unique_ptr<Reader> reader_;
};

// What the delivery from node to node is held against: PUBLISH on one connection, SUBSCRIBE on another,
// nothing kept and nothing numbered. Messages have the size of the records that the host publishes for
// entries of the same text, are due at the same times, and every one is checked: who it is from, which it is,
// and that the one before it came.
class Bare final : private RedisSocket::Events {
public:
    Bare(Loop& loop, std::uint16_t port, const Schedule& schedule, std::size_t bytes);

    void subscribe_all();  // returns when every channel is acknowledged
    void publish_next(std::uint64_t index);
    [[nodiscard]] bool is_done() const noexcept {
        return received_ == schedule_.total && answered_ == schedule_.total;
    }
    [[nodiscard]] std::string missing() const;
    [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }

private:
    void reply(RedisSocket& socket, const std::vector<std::string_view>& words) override;
    void message(std::string_view channel, std::string_view text);

    Loop& loop_;
    const Schedule& schedule_;
    RedisSocket subscriber_;
    RedisSocket publisher_;
    std::string text_;
    std::vector<std::uint64_t> last_;  // by channel
    std::uint64_t subscribed_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t answered_ = 0;
    Histogram latency_;
};

}  // namespace streamhost::load
