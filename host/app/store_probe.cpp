#include "app/store_probe.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include <openssl/x509_vfy.h>

#include "app/store_complaint.hpp"
#include "app/store_talk.hpp"
#include "redis/driver/lua_scripts.hpp"

namespace streamhost::app {

namespace {

using Level = Finding::Level;

constexpr std::int64_t kLeastWindowMs = 10'000;
constexpr int kWrittenMs = 1'000;  // that the key of a try stays

// Of one kind of servers, and where a configuration says so.
struct Door {
    std::string what;
    std::string section;
    std::string username;
    std::string password;
    std::optional<redis::TlsContext> tls;

    Door(std::string kind, std::string at, const auto& options)
        : what(std::move(kind)),
          section(std::move(at)),
          username(options.username),
          password(options.password) {
        if (options.tls) tls.emplace(*options.tls);
    }
};

void log_in(StoreTalk& talk, const Door& door) {
    if (door.password.empty()) return;
    if (door.username.empty())
        (void)talk.ask("AUTH", door.password);
    else
        (void)talk.ask("AUTH", door.username, door.password);
}

using Fields = std::map<std::string, std::string>;

// Lines of INFO: name:value
Fields info_of(StoreTalk& talk) {
    Fields fields;
    std::istringstream lines(std::string(talk.ask("INFO").text()));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        fields[line.substr(0, colon)] = line.substr(colon + 1, line.find('\r') - colon - 1);
    }
    return fields;
}

// name, value, name, value ...
Fields fields_of(const redis::RespValue& list) {
    Fields fields;
    redis::RespValue at = list.first();
    for (std::uint32_t index = 0; index + 1 < list.size(); index += 2) {
        const redis::RespValue value = at.after();
        fields[std::string(at.text())] = value.text();
        at = value.after();
    }
    return fields;
}

// What to do about a certificate, by what OpenSSL has against it.
std::string next_step(long verified, const std::string& section) {
    switch (verified) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "it is of another server; set " + section +
               ".tls.server_name to a name that is in it, or have one made for this address";
    case X509_V_ERR_CERT_HAS_EXPIRED: return "renew the server's certificate";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "compare the clocks of both machines";
    default: return "set " + section + ".tls.ca_file to the authority that signed the server's certificate";
    }
}

bool is_old(const std::string& version) {
    int major = 0;
    int minor = 0;
    char dot = 0;
    std::istringstream(version) >> major >> dot >> minor;
    return major < 6 || (major == 6 && minor < 2);
}

class Probe {
public:
    explicit Probe(const StoreSettings& settings) : settings_(settings) {}

    Findings run() {
        if (settings_.kind == StoreKind::kMemory) return {{Level::kFine, "the store is in this process"}};
        if (const auto master = settings_.client.sentinel ? from_sentinels() : settings_.client.address;
            master.port != 0)
            look_at_server(master);
        return std::move(findings_);
    }

private:
    void say(Level level, std::string text, std::string next = {}) {
        findings_.push_back({level, std::move(text), {}, std::move(next)});
    }

    // Connects, and lets `look` ask; what fails is told with the address.
    template <typename Look>
    void talk_to(const redis::Address& address, const Door& door, const Look& look) {
        const std::string name = door.what + " " + to_text(address);
        try {
            StoreTalk talk(address, door.tls ? &*door.tls : nullptr);
            log_in(talk, door);
            look(talk, name);
        } catch (const CertificateRefused& error) {
            say(Level::kError, name + ": " + error.what(), next_step(error.verified, door.section));
        } catch (const std::runtime_error& error) {
            const StoreComplaint complaint = store_complaint(error.what(), door.section);
            say(Level::kError, name + ": " + complaint.text, complaint.next);
        }
    }

    void look_at_server(const redis::Address& address) {
        const redis::ServerOptions& server = settings_.client.server;
        const auto look = [&](StoreTalk& talk, const std::string& name) {
            (void)talk.ask("SELECT", server.database);
            Fields info = info_of(talk);
            if (!info.contains("redis_version")) throw std::runtime_error("answers as no Redis does");
            say(Level::kFine, name + ": Redis " + info["redis_version"] + ", " + info["role"] + ", " +
                                  info["connected_slaves"] + " replicas");
            if (is_old(info["redis_version"]))
                say(Level::kError, name + ": the server is too old: Redis 6.2 or later is needed",
                    "upgrade it");
            if (info["role"] != "master")
                say(Level::kError, name + ": is a replica, and takes no writes",
                    "name the master in store.redis.address");
            if (info["maxmemory"] != "0" && info["maxmemory_policy"] != "noeviction")
                say(Level::kWarning, name + ": maxmemory-policy " + info["maxmemory_policy"] +
                                         " throws streams away when memory is short; set noeviction");
            if (info["aof_enabled"] == "0")
                say(Level::kWarning, name +
                                         ": appendonly is off: what was acknowledged is gone when the server "
                                         "ends; set it to yes");
            if (settings_.client.sentinel && !info.contains("min_slaves_good_slaves"))
                say(Level::kWarning, name +
                                         ": min-replicas-to-write is 0: a master that was cut off goes on "
                                         "acknowledging what no other server gets; set it to 1");
            if (may_work(talk, name) && info["role"] == "master") try_write(talk, name);
        };
        talk_to(address, Door("server", "store.redis", server), look);
    }

    // With a right that is missing a node starts, and fails at what needs it.
    bool may_work(StoreTalk& talk, const std::string& name) {
        std::string missing;
        const redis::RespValue list = talk.ask("EVAL", redis::lua::kRights.text, 1, probed_key());
        for (std::uint32_t index = 0; index < list.size(); ++index)
            missing.append(index == 0 ? "" : ", ").append(list[index].text());
        if (missing.empty()) return true;
        say(Level::kError,
            name + ": its user may not run " + missing + ", or not below " + settings_.key_prefix,
            "give the user of store.redis.username the rights of docs/redis.md, for the keys ~" +
                settings_.key_prefix + "* and the channels &" + settings_.key_prefix + "*");
        return false;
    }

    [[nodiscard]] std::string probed_key() const { return settings_.key_prefix + "config-check"; }

    // A server that is full, alone or unable to save answers everything else.
    void try_write(StoreTalk& talk, const std::string& name) {
        (void)talk.ask("SET", probed_key(), "1", "PX", kWrittenMs);
        say(Level::kFine, name + ": takes writes");
    }

    // What most of them name; port 0: none did.
    redis::Address from_sentinels() {
        const redis::SentinelOptions& sentinel = *settings_.client.sentinel;
        std::map<redis::Address, int> votes;
        const Door door("Sentinel", "store.sentinel", sentinel);
        for (const redis::Address& address : sentinel.addresses) {
            const auto look = [&](StoreTalk& talk, const std::string& name) {
                Fields master = fields_of(talk.ask("SENTINEL", "MASTER", sentinel.master));
                const redis::Address named{master["ip"], redis::parse_port(master["port"]).value_or(0)};
                say(Level::kFine, name + ": " + sentinel.master + " is " + to_text(named) + ", " +
                                      master["num-slaves"] + " replicas, " + master["num-other-sentinels"] +
                                      " other Sentinels");
                check_window(name, std::stoll("0" + master["down-after-milliseconds"]));
                ++votes[named];
            };
            talk_to(address, door, look);
        }
        if (votes.empty()) return {};
        if (votes.size() > 1)
            say(Level::kWarning, "the Sentinels name different masters; is a failover under way?");
        const auto most = std::max_element(votes.begin(), votes.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        const auto mapped = settings_.client.address_map.find(most->first);
        return mapped == settings_.client.address_map.end() ? most->first : mapped->second;
    }

    void check_window(const std::string& name, std::int64_t down_after_ms) {
        const std::int64_t needed_ms = std::max(kLeastWindowMs, 2 * (down_after_ms + 3'000));
        if (settings_.keeper.window_ms >= needed_ms || std::exchange(is_window_told_, true)) return;
        say(Level::kWarning,
            name + ": down-after-milliseconds is " + std::to_string(down_after_ms) +
                ": a lost master can go unnoticed for longer than acknowledged writes are kept; set "
                "store.keeper.window_ms to " +
                std::to_string(needed_ms) + " at least, or lower it");
    }

    const StoreSettings& settings_;
    Findings findings_;
    bool is_window_told_ = false;
};

}  // namespace

Findings probe_store(const StoreSettings& settings) { return Probe(settings).run(); }

}  // namespace streamhost::app
