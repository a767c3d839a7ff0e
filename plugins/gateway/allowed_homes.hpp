// The problem: whose a home is changes: what was nobody's becomes somebody's, an owner's right lapses. A
// connection that was allowed once must not write there for as long as it lives, and a producer must not pay
// a round trip to the store per append.
//
// So an allowed home is believed for kMs, as long as the session registry itself believes in an owner that it
// found, and is asked for again after that. A connection has a list for each thing that it may do. The
// connection's own session needs no grant: the registry closes who may no longer be in it. A `hello` that
// resumes asks for each stream, whatever stands here.
//
// No clock: time is passed in. Touched by one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

class AllowedHomes {
public:
    static constexpr std::int64_t kMs = 60'000;
    static constexpr std::size_t kMax = 256;  // homes of one connection; at the limit the oldest goes

    void allow(std::string_view home, std::int64_t now_ms);
    [[nodiscard]] bool holds(std::string_view home, std::int64_t now_ms) const;
    [[nodiscard]] std::size_t size() const noexcept { return homes_.size(); }

private:
    struct Home {
        std::string name;
        std::int64_t end_ms;
    };

    std::vector<Home> homes_;  // by name; most connections have one, and a tree is large for that
};

}  // namespace gateway
