#include "app/store_complaint.hpp"

#include <string_view>

namespace streamhost::app {

namespace {

/// `@` in a text stands for the section.
struct Cause {
    std::string_view sign;  // what the complaint holds
    std::string_view text;  // the complaint follows in parentheses; empty: it says enough
    std::string_view next;
};
constexpr std::string_view kRefused = "the server refused the user or the password";
constexpr std::string_view kLogIn =
    "compare @.username and the first line of @.password_file with ACL GETUSER";
constexpr Cause kCauses[] = {
    {"WRONGPASS", kRefused, kLogIn},
    {"NOAUTH", kRefused, kLogIn},
    {"without any password configured", kRefused,
     "the server asks for none: take @.password_file away, or set one there"},
    {"NOPERM", "a right is missing",
     "give the user of @.username the rights of docs/redis.md, for the prefix of store.key_prefix"},
    {"No such master", "the Sentinels watch no master of that name",
     "store.sentinel.master is the name in \"sentinel monitor\""},
    {"unknown command 'SENTINEL'", "that is a Redis server, no Sentinel",
     "store.sentinel.addresses names Sentinels, which listen at 26379 by default"},
    {"unknown command 'SELECT'", "that is a Sentinel, no Redis server",
     "store.redis.address names the master; with Sentinels use store.kind: redis-sentinel"},
    {"OOM", "the server is out of memory, writes that need some are refused",
     "raise maxmemory, or wait for what expires"},
    {"NOREPLICAS", "the server has too few replicas, writes wait for them",
     "look at INFO replication: a replica that is down or lags"},
    {"MISCONF", "it takes no writes", "it cannot save: is its disk full?"},
    {"READONLY", "it is a replica, not the master", "name the master, or use store.kind: redis-sentinel"},
    {"LOADING", "the server is still loading its data", "wait, and try again"},
    {"DB index", "it has no such database", "store.redis.database"},
    {"refused", "", "nothing listens there: is the server up, and is the port in @ right?"},
    {"the name is unknown", "", "is the name in @ right, and does this machine resolve it (getent hosts)?"},
    {"no connection within", "", "is the address in @ right, or does a firewall drop?"},
    {"TLS", "", "compare @.tls with what that port speaks"},
};

std::string fill_in(std::string_view text, const std::string& section) {
    std::string out;
    for (const char letter : text)
        out += letter == '@' ? section : std::string(1, letter);
    return out;
}

}  // namespace

StoreComplaint store_complaint(const std::string& said, const std::string& section) {
    for (const Cause& cause : kCauses) {
        if (said.find(cause.sign) == std::string::npos) continue;
        return {cause.text.empty() ? said : std::string(cause.text) + " (" + said + ")",
                fill_in(cause.next, section)};
    }
    return {said, "look at the server's log, and at " + section};
}

}  // namespace streamhost::app
