#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "loop.hpp"

namespace streamhost::load {

// What whoever started us says on the standard input while a run goes on, a line each: `mark <name>` when
// something happens from which times are to be counted, `stop` when enough was seen.
class Orders final : private Loop::Handler {
public:
    struct Events {
        std::function<void(const std::string& name)> mark;
        std::function<void()> stop;
    };
    Orders(Loop& loop, Events events);
    ~Orders() { loop_.forget(*this); }
    Orders(const Orders&) = delete;
    Orders& operator=(const Orders&) = delete;

private:
    void ready(std::uint32_t events) override;
    void flush() override {}
    void take(const std::string& line);

    Loop& loop_;
    Events events_;
    std::string text_;
};

}  // namespace streamhost::load
