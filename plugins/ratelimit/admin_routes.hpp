// What operators see and do over HTTP, on the admin listener: the limits, who is refused most, and
// forgetting.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "streamhost/http.hpp"

#include "limiter.hpp"

namespace ratelimit {

struct Forgotten {
    By by = By::kAddress;
    std::string key;
};
// Of /admin/v1/ratelimit/{by}/{key}, escapes decoded; nothing for another path. Pure. [any]
[[nodiscard]] std::optional<Forgotten> forgotten_of_path(std::string_view path);
// The body of GET. `key` of what is throttled: as DELETE takes it. Pure. [any]
[[nodiscard]] std::string show(const Limiter& limiter, const Moment& moment);

class AdminRoutes {
public:
    static constexpr std::size_t kShown = 50;
    using Now = streamhost::UniqueFunction<Moment()>;
    using Ask = streamhost::UniqueFunction<void(const std::vector<Question>&)>;

    // `limiter` outlives it; handlers run on workers. [control]
    void add(streamhost::Host& host, Limiter& limiter, Now now, Ask ask);

private:
    Now now_;
    Ask ask_;
    streamhost::HttpRoutes routes_;
};

}  // namespace ratelimit
