#include "store_port.hpp"

#include <memory>
#include <utility>

namespace session {

using streamhost::bytes;
using streamhost::Host;

sh_status StorePort::put(const Command& command, std::uint64_t token) const {
    const sh_store_session entry{sizeof(entry),          options_.ttl_ms,     bytes(command.sessions.front()),
                                 bytes(host_.node_id()), bytes(command.user), bytes(command.data)};
    return store_->session_put(host_.raw(), &entry, token);
}

sh_status StorePort::renew(const Command& command, std::uint64_t token) const {
    std::vector<sh_bytes> ids;
    ids.reserve(command.sessions.size());
    for (const std::string& session : command.sessions)
        ids.push_back(bytes(session));
    return store_->session_renew(host_.raw(), bytes(host_.node_id()), ids.data(),
                                 static_cast<std::uint32_t>(ids.size()), options_.ttl_ms, token);
}

sh_status StorePort::call(const Command& command, std::uint64_t token) const {
    const sh_host* host = host_.raw();
    const sh_bytes node = bytes(host_.node_id());
    switch (command.kind) {
    case Command::Kind::kPut: return put(command, token);
    case Command::Kind::kRemove:
        return store_->session_remove(host, bytes(command.sessions.front()), node, token);
    case Command::Kind::kRenew: return renew(command, token);
    // Lapsed for a while: a node that is merely late comes first.
    case Command::Kind::kExpire:
        return store_->session_expire(host, options_.ttl_ms / kGraceOfLease, Roster::kExpirePage, token);
    case Command::Kind::kNodePut:
        return store_->node_put(host, node, bytes(command.data), options_.ttl_ms, token);
    case Command::Kind::kNodeRemove: return store_->node_remove(host, node, token);
    }
    return SH_INTERNAL;
}

void StorePort::send(const Command& command, Answer answer) {
    host_.command([&](std::uint64_t token) { return call(command, token); }, std::move(answer));
}

void StorePort::ask_owner(std::string_view home, const OwnerCheck& check, Answer answer) {
    const std::string key = "owner:" + std::string(home);
    const sh_bytes user = bytes(check.user());
    host_.command(
        [&](std::uint64_t token) -> sh_status {
            const sh_host* host = host_.raw();
            switch (check.step()) {
            case OwnerCheck::Step::kGet: return store_->key_get(host, bytes(key), token);
            case OwnerCheck::Step::kClaim:
                return store_->key_set(host, bytes(key), user, kOwnerMs, SH_KEY_IF_MISSING, {}, token);
            case OwnerCheck::Step::kRefresh:
                return store_->key_set(host, bytes(key), user, kOwnerMs, SH_KEY_IF_EQUALS, user, token);
            case OwnerCheck::Step::kDone: break;
            }
            return SH_INTERNAL;
        },
        std::move(answer));
}

void StorePort::list(std::string_view session, std::string_view user, std::uint32_t max, Answer answer) {
    host_.command(
        [&](std::uint64_t token) {
            return store_->session_list(host_.raw(), bytes(session), bytes(user), max, token);
        },
        std::move(answer));
}

void StorePort::list_nodes(Answer answer) {
    host_.command([&](std::uint64_t token) { return store_->node_list(host_.raw(), token); },
                  std::move(answer));
}

}  // namespace session
