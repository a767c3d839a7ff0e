// The problem: an HTTP handler returns its answer, while services answer later and on another role. A worker
// may stand still until then, at most for a deadline; loops and the store loop must not.
//
//     const Answered found = wait_for_answer(host(), sessions_, 2'000,
//         [&](const sh_session& table, void* self, sh_ticket ticket) { table.list(self, user, ticket); });
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "streamhost/host.hpp"

namespace streamhost {

struct Answered {
    sh_result result = Host::make_result(SH_TIMEOUT);  // without body and batch: those are gone with the call
    std::string body;
};

// Calls body(table, self, ticket) and waits for the ticket's answer, which the store loop carries here. The
// deadline belongs to the ticket; should the store loop itself stand still, SH_TIMEOUT comes a quarter second
// later. SH_GONE: this plugin was stopped meanwhile. [worker]
template <typename Table, typename Body>
[[nodiscard]] Answered wait_for_answer(Host& host, const Lease<Table>& lease, std::uint32_t deadline_ms,
                                       Body&& body) {
    constexpr std::chrono::milliseconds kCarried{250};
    if (const sh_target on = host.current(); on == SH_ON_STORE || on >= SH_ON_LOOP_0)
        throw Failure(SH_UNSUPPORTED, "only a worker may wait for an answer: loops carry them");
    auto given = std::make_shared<std::promise<Answered>>();
    std::future<Answered> answer = given->get_future();
    host.ask(SH_ON_STORE, lease, deadline_ms, std::forward<Body>(body),
             [held = std::move(given)](const sh_result& result) {
                 Answered copy{result, std::string(body_of(result))};
                 copy.result.body = nullptr;
                 copy.result.batch = nullptr;
                 held->set_value(std::move(copy));
             });
    if (answer.wait_for(std::chrono::milliseconds(deadline_ms) + kCarried) != std::future_status::ready)
        return {};
    try {
        return answer.get();
    } catch (const std::future_error&) {  // the closure was dropped
        return {Host::make_result(SH_GONE), {}};
    }
}

// The same for whoever can do nothing without it: another answer than SH_OK is a Failure with its words.
template <typename Table, typename Body>
[[nodiscard]] Answered need_answer(Host& host, const Lease<Table>& lease, std::uint32_t deadline_ms,
                                   Body&& body) {
    Answered answered = wait_for_answer(host, lease, deadline_ms, std::forward<Body>(body));
    if (answered.result.status != SH_OK) throw Failure(answered.result.status, answered.result.detail);
    return answered;
}

}  // namespace streamhost
