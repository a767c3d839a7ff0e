#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "redis/driver/context.hpp"

namespace streamhost::redis {

// The problem: a server that refuses one command refuses it each time, and who reads the log needs to be told
// once. A cause is a kind of trouble with a command, of which there are few; it is over when a while has
// passed without it. No clock: milliseconds of any monotonic one are passed in. [store]
class TroubleFilter {
public:
    static constexpr std::int64_t kQuietMs = 60'000;

    [[nodiscard]] bool is_new(const Trouble& trouble, std::int64_t now_ms) {
        const auto [last_ms, is_first] =
            last_ms_.try_emplace({trouble.kind, std::string(trouble.command)}, now_ms);
        return is_first || now_ms - std::exchange(last_ms->second, now_ms) >= kQuietMs;
    }

private:
    std::map<std::pair<TroubleKind, std::string>, std::int64_t> last_ms_;
};

}  // namespace streamhost::redis
