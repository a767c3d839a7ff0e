#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "redis/driver/context.hpp"
#include "store/status.hpp"

namespace streamhost::redis {

// What a script says first: a status, by its number. Nothing where that is none.
[[nodiscard]] std::optional<store::Status> status_in(const RespValue& value);

// What a script of the small groups says: a list of the status and then values, read from the front. Views
// are valid as long as the reply.
class Answer {
public:
    // Anything else than such a list is reported as an answer that no script of ours gives: kUnavailable.
    Answer(Context& context, std::string_view command, const Reply& reply);

    [[nodiscard]] store::Status status() const noexcept { return status_; }
    [[nodiscard]] std::uint32_t left() const noexcept { return left_; }
    // The next value: empty or 0 where there is none, or one of another type.
    std::string_view text() { return next().text(); }
    std::int64_t number() { return next().integer(); }
    std::uint64_t count() { return static_cast<std::uint64_t>(number()); }

private:
    RespValue next();

    store::Status status_;
    std::uint32_t left_ = 0;
    RespValue at_;
};

}  // namespace streamhost::redis
