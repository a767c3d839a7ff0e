#include "redis/driver/answer.hpp"

#include <utility>

namespace streamhost::redis {

using store::Status;

namespace {

// kUnavailable where no status has that name: nobody can say what happened.
Status status_named(std::string_view name) {
    constexpr Status kSaid[] = {Status::kOk,   Status::kDuplicate, Status::kConflict, Status::kFenced,
                                Status::kHeld, Status::kFull,      Status::kNotFound};
    for (const Status status : kSaid)
        if (name == name_of(status)) return status;
    return Status::kUnavailable;
}

}  // namespace

Answer::Answer(Context& context, std::string_view command, const Reply& reply) : status_(reply.status) {
    if (status_ != Status::kOk) return;
    left_ = reply.value.size();
    if (left_ > 0) at_ = reply.value.first();
    status_ = status_named(text());
    if (status_ != Status::kUnavailable) return;
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
