#include "redis/driver/answer.hpp"

#include <utility>

namespace streamhost::redis {

using store::Status;

std::optional<Status> status_in(const RespValue& value) {
    const auto last = static_cast<std::int64_t>(Status::kExhausted);
    if (!value.is(RespType::kInteger) || value.integer() < 1 || value.integer() > last) return std::nullopt;
    return static_cast<Status>(value.integer());
}

Answer::Answer(Context& context, std::string_view command, const Reply& reply) : status_(reply.status) {
    if (status_ != Status::kOk) return;
    left_ = reply.value.size();
    if (left_ > 0) at_ = reply.value.first();
    const auto said = status_in(next());
    status_ = said.value_or(Status::kUnavailable);  // nobody can say what happened
    if (said) return;
    context.report(TroubleKind::kUnexpected, command, "an answer without a status");
    left_ = 0;
}

RespValue Answer::next() {
    if (left_ == 0) return {};
    const RespValue value = at_;
    if (--left_ > 0) at_ = value.after();
    return value;
}

}  // namespace streamhost::redis
