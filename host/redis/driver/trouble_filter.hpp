#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "redis/driver/context.hpp"

namespace streamhost::redis {

// The problem: a server that refuses one command refuses it each time, and who reads the log needs to be told
// once. A cause is a kind of trouble with a command, of foreign data and keys also its place; it is over when
// a while has passed without it. Beyond kMostCauses further ones are not told. No clock: milliseconds of any
// monotonic one are passed in. [store]
class TroubleFilter {
public:
    static constexpr std::int64_t kQuietMs = 60'000;
    static constexpr std::size_t kMostCauses = 256;

    [[nodiscard]] bool is_new(const Trouble& trouble, std::int64_t now_ms) {
        Cause cause{trouble.kind, trouble.command};
        const bool has_place =
            trouble.kind == TroubleKind::kForeign || trouble.kind == TroubleKind::kWrongType;
        if (has_place) cause.second.append(1, ' ').append(trouble.message);
        if (const auto known = last_ms_.find(cause); known != last_ms_.end())
            return now_ms - std::exchange(known->second, now_ms) >= kQuietMs;
        if (last_ms_.size() >= kMostCauses)
            std::erase_if(last_ms_, [now_ms](const auto& one) { return now_ms - one.second >= kQuietMs; });
        return last_ms_.size() < kMostCauses && last_ms_.emplace(std::move(cause), now_ms).second;
    }

private:
    using Cause = std::pair<TroubleKind, std::string>;
    std::map<Cause, std::int64_t> last_ms_;
};

}  // namespace streamhost::redis
