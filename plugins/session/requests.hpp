// What callers of svc/session.h give, checked: all of it throws Failure(SH_INVALID) with what is wrong. [any]
#pragma once

#include <string>

#include "streamhost/abi/svc/session.h"

#include "roster.hpp"

namespace session {

[[nodiscard]] std::string check_user(const std::string& user);
[[nodiscard]] std::string check_session(const std::string& session);
// Of a session's or a stream's id.
[[nodiscard]] std::string check_home(const std::string& stream);

// One join, from the call to its answer.
struct JoinRequest {
    using Wire = const sh_session_join*;
    explicit JoinRequest(Wire join);

    Member member;  // its times are not set yet
    sh_ticket ticket = 0;
    std::string last_node;
    bool has_left = false;     // the connection closed while we asked
    bool is_believed = false;  // the store could not be asked
    bool is_granted = false;   // whoever owns the session
};

}  // namespace session
