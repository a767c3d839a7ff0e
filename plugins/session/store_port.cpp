#include "store_port.hpp"

#include <utility>
#include <vector>

namespace session {

using streamhost::bytes;

namespace {

constexpr std::uint32_t kMaxHolders = 100;  // nodes that one session is on

}  // namespace

void StorePort::put(const Command& command, Answer answer) {
    const sh_store_session entry{sizeof(entry),        options_.ttl_ms,     bytes(command.sessions.front()),
                                 bytes(options_.node), bytes(command.user), bytes(command.data)};
    store_.run(&sh_store_ext::session_put, std::move(answer), &entry);
}

void StorePort::renew(const Command& command, Answer answer) {
    std::vector<sh_bytes> ids;
    ids.reserve(command.sessions.size());
    for (const std::string& session : command.sessions)
        ids.push_back(bytes(session));
    store_.run(&sh_store_ext::session_renew, std::move(answer), bytes(options_.node), ids.data(),
               static_cast<std::uint32_t>(ids.size()), options_.ttl_ms);
}

void StorePort::send(const Command& command, Answer answer) {
    const sh_bytes node = bytes(options_.node);
    switch (command.kind) {
    case Command::Kind::kPut: return put(command, std::move(answer));
    case Command::Kind::kRemove:
        return store_.run(&sh_store_ext::session_remove, std::move(answer), bytes(command.sessions.front()),
                          node);
    case Command::Kind::kRenew: return renew(command, std::move(answer));
    // Lapsed for a while: a node that is merely late comes first.
    case Command::Kind::kExpire:
        return store_.run(&sh_store_ext::session_expire, std::move(answer), options_.ttl_ms / kGraceOfLease,
                          Roster::kExpirePage);
    case Command::Kind::kNodePut:
        return store_.run(&sh_store_ext::node_put, std::move(answer), node, bytes(command.data),
                          options_.ttl_ms);
    case Command::Kind::kNodeRemove: return store_.run(&sh_store_ext::node_remove, std::move(answer), node);
    }
}

void StorePort::ask_owner(std::string_view home, const OwnerCheck& check, Answer answer) {
    const std::string owner = "owner:" + std::string(home);
    const sh_bytes key = bytes(owner);
    const sh_bytes user = bytes(check.user());
    switch (check.step()) {
    case OwnerCheck::Step::kGet: return store_.run(&sh_store_ext::key_get, std::move(answer), key);
    case OwnerCheck::Step::kClaim:
        return store_.run(&sh_store_ext::key_set, std::move(answer), key, user, kOwnerMs, SH_KEY_IF_MISSING,
                          sh_bytes{});
    case OwnerCheck::Step::kRefresh:
        return store_.run(&sh_store_ext::key_set, std::move(answer), key, user, kOwnerMs, SH_KEY_IF_EQUALS,
                          user);
    case OwnerCheck::Step::kDone: return;  // there is nothing to ask
    }
}

void StorePort::list_holders(std::string_view session, Answer answer) {
    store_.run(&sh_store_ext::session_list, std::move(answer), bytes(session), sh_bytes{}, kMaxHolders);
}

void StorePort::list(std::string_view user, std::uint32_t max, Answer answer) {
    store_.run(&sh_store_ext::session_list, std::move(answer), sh_bytes{}, bytes(user), max);
}

void StorePort::say(const PresenceEntry& entry, Answer answer) {
    const std::string data = entry.json();
    sh_record record{};
    record.type = SH_RECORD_PART;
    record.data = bytes(data);
    sh_store_publish publish{};
    publish.struct_size = sizeof(publish);
    publish.count = 1;
    publish.stream = bytes(entry.session);
    publish.key = bytes(entry.key);
    publish.entries = &record;
    store_.run(&sh_store_ext::publish, std::move(answer), &publish);
}

void StorePort::list_nodes(Answer answer) { store_.run(&sh_store_ext::node_list, std::move(answer)); }

}  // namespace session
