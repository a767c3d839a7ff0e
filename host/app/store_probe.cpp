#include "app/store_probe.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <typeinfo>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Redis/Array.h>
#include <Poco/Redis/Client.h>
#include <Poco/Redis/Error.h>

namespace streamhost::app {

namespace {

using Level = Finding::Level;
using Poco::Redis::Array;
using Poco::Redis::BulkString;
using Poco::Redis::RedisType;

const Poco::Timespan kPatience(2, 0);
constexpr std::int64_t kLeastWindowMs = 10'000;

struct Login {
    std::string username;
    std::string password;
};

// One connection; whatever fails throws Poco::Exception with the server's words.
class Talk {
public:
    Talk(const redis::Address& address, const Login& login) {
        client_.connect(Poco::Net::SocketAddress(address.host, address.port), kPatience);
        client_.setReceiveTimeout(kPatience);
        if (login.password.empty()) return;
        Array auth;
        auth << "AUTH";
        if (!login.username.empty()) auth << login.username;
        auth << login.password;
        (void)ask(auth);
    }
    RedisType::Ptr ask(const Array& words) {
        const RedisType::Ptr reply = client_.sendCommand(words);
        if (reply->isError()) throw Poco::Exception(said(*reply));
        return reply;
    }

private:
    // "-ERR text", CR and LF
    static std::string said(const RedisType& reply) {
        const std::string line = reply.toString();
        return line.substr(1, line.find('\r') - 1);
    }
    Poco::Redis::Client client_;
};

using Fields = std::map<std::string, std::string>;

Array command(std::initializer_list<std::string> words) {
    Array made;
    for (const std::string& word : words)
        made << word;
    return made;
}

// Lines of INFO: name:value
Fields info_of(Talk& talk) {
    Fields fields;
    const RedisType::Ptr reply = talk.ask(command({"INFO"}));
    std::istringstream lines(dynamic_cast<const Poco::Redis::Type<BulkString>&>(*reply).value().value());
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        fields[line.substr(0, colon)] = line.substr(colon + 1, line.find('\r') - colon - 1);
    }
    return fields;
}

// name, value, name, value ...
Fields fields_of(const RedisType& reply) {
    Fields fields;
    const Array& list = dynamic_cast<const Poco::Redis::Type<Array>&>(reply).value();
    for (std::size_t index = 0; index + 1 < list.size(); index += 2)
        fields[list.get<BulkString>(index).value()] = list.get<BulkString>(index + 1).value();
    return fields;
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
    void say(Level level, std::string text) { findings_.push_back({level, std::move(text)}); }

    // Connects, and lets `look` ask; what fails is told with the address.
    template <typename Look>
    void talk_to(const redis::Address& address, const std::string& what, bool is_tls, const Login& login,
                 const Look& look) {
        const std::string name = what + " " + to_text(address);
        if (is_tls) return say(Level::kWarning, name + ": not tried, it speaks TLS");
        try {
            Talk talk(address, login);
            look(talk, name);
        } catch (const Poco::Exception& error) {
            say(Level::kError,
                name + ": " + (error.message().empty() ? error.displayText() : error.message()));
        } catch (const std::bad_cast&) {
            say(Level::kError, name + ": answers as no Redis does; is it the right port?");
        }
    }

    void look_at_server(const redis::Address& address) {
        const redis::ServerOptions& server = settings_.client.server;
        const auto look = [&](Talk& talk, const std::string& name) {
            (void)talk.ask(command({"SELECT", std::to_string(server.database)}));
            Fields info = info_of(talk);
            say(Level::kFine, name + ": Redis " + info["redis_version"] + ", " + info["role"] + ", " +
                                  info["connected_slaves"] + " replicas");
            if (is_old(info["redis_version"]))
                say(Level::kError, name + ": Redis 6.2 or newer is needed; upgrade it");
            if (info["role"] != "master")
                say(Level::kError, name + ": is a replica, and takes no writes; name the master");
            if (info["maxmemory"] != "0" && info["maxmemory_policy"] != "noeviction")
                say(Level::kWarning, name + ": maxmemory-policy " + info["maxmemory_policy"] +
                                         " throws streams away when memory is short; set noeviction");
            if (info["aof_enabled"] == "0")
                say(Level::kWarning, name +
                                         ": appendonly is off: what was acknowledged is gone when the server "
                                         "ends; set it to yes");
        };
        talk_to(address, "server", server.tls.has_value(), {server.username, server.password}, look);
    }

    // What most of them name; port 0: none did.
    redis::Address from_sentinels() {
        const redis::SentinelOptions& sentinel = *settings_.client.sentinel;
        std::map<redis::Address, int> votes;
        for (const redis::Address& address : sentinel.addresses) {
            const auto look = [&](Talk& talk, const std::string& name) {
                Fields master = fields_of(*talk.ask(command({"SENTINEL", "MASTER", sentinel.master})));
                const redis::Address named{master["ip"], redis::parse_port(master["port"]).value_or(0)};
                say(Level::kFine, name + ": " + sentinel.master + " is " + to_text(named) + ", " +
                                      master["num-slaves"] + " replicas, " + master["num-other-sentinels"] +
                                      " other Sentinels");
                check_window(name, std::stoll("0" + master["down-after-milliseconds"]));
                ++votes[named];
            };
            talk_to(address, "Sentinel", sentinel.tls.has_value(), {sentinel.username, sentinel.password},
                    look);
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
