#pragma once

#include <cstdint>
#include <vector>

namespace streamhost::load {

// One thread, one epoll. A turn waits to the nanosecond (a generator that sends when the millisecond is over
// measures its own clock), hands out what is ready, and then sends what the handlers have queued, so that
// what one turn has for a connection goes out in one write.
class Loop {
public:
    class Handler {
    public:
        virtual void ready(std::uint32_t events) = 0;  // EPOLL*
        virtual void flush() = 0;

    protected:
        ~Handler() = default;
    };

    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void watch(int fd, std::uint32_t events, Handler& handler);   // adds it
    void change(int fd, std::uint32_t events, Handler& handler);  // what it is watched for
    // A closed descriptor is gone by itself; what was to be flushed for its handler is dropped.
    void forget(const Handler& handler);
    void flush_later(Handler& handler) { flushes_.push_back(&handler); }

    // Returns after what was ready was handled, or when `until_ns` has come.
    void turn(std::int64_t until_ns);

private:
    void flush();

    int epoll_ = -1;
    std::vector<Handler*> flushes_;
    std::vector<Handler*> flushing_;
};

}  // namespace streamhost::load
