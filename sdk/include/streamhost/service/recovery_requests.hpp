// What a call of svc/recovery.h carries, kept for as long as the work takes.
#pragma once

#include <string>
#include <string_view>

#include "streamhost/abi/svc/recovery.h"
#include "streamhost/bytes.hpp"

namespace streamhost {

struct SubscribeRequest {
    using Wire = const sh_subscribe*;
    SubscribeRequest() = default;
    explicit SubscribeRequest(Wire call)
        : stream(view(call->stream)),
          request(view(call->request)),
          from(call->from),
          position(call->position),
          reader(call->reader),
          encoding(call->encoding),
          flags(call->flags),
          max_streams(call->max_streams) {}

    // For whoever follows the runs of this session: one of them, from its start; nobody asked, nobody is
    // answered.
    [[nodiscard]] SubscribeRequest of_run(std::string_view run) const {
        SubscribeRequest made = *this;
        made.stream = run;
        made.request.clear();
        made.from = SH_FROM_START;
        made.position = {};
        made.flags = 0;
        return made;
    }

    std::string stream;
    std::string request;     // the client's request id as JSON text, or empty
    std::uint32_t from = 0;  // SH_FROM_*
    sh_position position{};
    sh_connection reader = 0;
    sh_handle encoding = 0;
    std::uint32_t flags = 0;
    std::uint32_t max_streams = 0;
};

}  // namespace streamhost
