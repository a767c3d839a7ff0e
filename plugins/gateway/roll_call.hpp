// The problem: the session registry may be switched off and on, or replaced, under connections that stay. The
// new one knows none of them: nobody could list or kick them, and their session would look deserted.
//
// So a registry is asked now and then whether it knows the connection that registered first on this loop. If
// it does, it knows all who came after. If it does not, it does from then on, since the question is `join`
// itself; that connection is the newest now, and the next one is asked about, until one is known. One
// question at a time: a registry that has just started is not overrun.
//
// One per loop, touched by it alone.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>

#include "streamhost/abi/async.h"
#include "streamhost/abi/ext/websocket.h"

namespace gateway {

class LoopClients;

class RollCall {
public:
    static constexpr std::int64_t kPeriodMs = 1'000;

    explicit RollCall(LoopClients& loop) : loop_(loop) {}
    RollCall(const RollCall&) = delete;
    RollCall& operator=(const RollCall&) = delete;

    // The registry took it just now.
    void registered(sh_connection id);
    void remove(sh_connection id);
    void tick(std::int64_t now_ms);

private:
    void ask();
    void answered(sh_connection id, const sh_result& result);

    LoopClients& loop_;
    std::list<sh_connection> order_;  // by registration, the oldest first
    std::unordered_map<sh_connection, std::list<sh_connection>::iterator> places_;
    std::int64_t due_ms_ = 0;
    bool is_asking_ = false;
};

}  // namespace gateway
