#include "requests.hpp"

#include <algorithm>

#include "streamhost/bytes.hpp"
#include "streamhost/ids.hpp"
#include "streamhost/random.hpp"
#include "streamhost/status.hpp"
#include "streamhost/utf8.hpp"

namespace session {

using streamhost::Failure;
using streamhost::view;

namespace {

constexpr std::size_t kMaxUser = 256;
constexpr std::size_t kMaxClient = 256;

}  // namespace

std::string check_user(const std::string& user) {
    const bool is_printable = std::none_of(user.begin(), user.end(), [](char byte) {
        const auto code = static_cast<unsigned char>(byte);
        return code < 0x20 || code == 0x7f || byte == '{' || byte == '}';
    });
    if (user.empty() || user.size() > kMaxUser || !is_printable)
        throw Failure(SH_INVALID, "a user is 1 to 256 bytes without control characters and braces");
    return user;
}

std::string check_session(const std::string& session) {
    if (!streamhost::is_session_id(session))
        throw Failure(SH_INVALID, "a session id is 1 to 64 of [A-Za-z0-9_-]");
    return session;
}

std::string check_home(const std::string& stream) {
    std::string home(streamhost::home_of(stream));
    if (!streamhost::is_session_id(home)) throw Failure(SH_INVALID, "no such session or stream id");
    return home;
}

JoinRequest::JoinRequest(Wire join) : is_granted((join->flags & SH_JOIN_GRANTED) != 0) {
    if (join->connection == 0) throw Failure(SH_INVALID, "a connection is needed to join");
    member.connection = join->connection;
    member.session =
        join->session.size == 0 ? streamhost::random_id() : check_session(std::string(view(join->session)));
    member.user = check_user(std::string(view(join->user)));
    member.client = streamhost::cut_utf8(view(join->client), kMaxClient);
}

}  // namespace session
