#include "app/store_settings.hpp"

#include <fstream>
#include <optional>
#include <utility>

#include "config/path.hpp"

namespace streamhost::app {

namespace {

using config::View;

StoreKind kind_of(const std::string& name) {
    if (name == "redis") return StoreKind::kRedis;
    return name == "redis-sentinel" ? StoreKind::kRedisSentinel : StoreKind::kMemory;
}

store::Policy policy_of(const std::string& name) {
    if (name == "live") return store::Policy::kLive;
    return name == "memory" ? store::Policy::kMemory : store::Policy::kDurable;
}

redis::TlsVerify verify_of(const std::string& name) {
    if (name == "chain") return redis::TlsVerify::kChain;
    return name == "none" ? redis::TlsVerify::kNothing : redis::TlsVerify::kServerName;
}

class StoreReader {
public:
    explicit StoreReader(std::shared_ptr<const config::Configuration> configuration)
        : configuration_(std::move(configuration)), root_(configuration_) {}

    StoreSettings read() {
        out_.kind_name = root_.require_string("store.kind");
        out_.kind = kind_of(out_.kind_name);
        if (out_.kind == StoreKind::kMemory) return std::move(out_);
        out_.key_prefix = root_.require_string("store.key_prefix");
        out_.client.connections = number("store.connections");
        out_.keeper.window_ms = root_.require_integer("store.keeper.window_ms");
        out_.keeper.max_bytes = static_cast<std::size_t>(root_.require_integer("store.keeper.memory"));
        read_policies();
        read_server();
        read_breaker();
        if (out_.kind == StoreKind::kRedis) out_.client.address = address("store.redis.address");
        if (out_.kind == StoreKind::kRedisSentinel) read_sentinel();
        out_.keeper.settles_at_start = out_.kind == StoreKind::kRedisSentinel;
        return std::move(out_);
    }

private:
    [[nodiscard]] std::uint32_t number(std::string_view path) const {
        return static_cast<std::uint32_t>(root_.require_integer(path));
    }

    void complain(const std::string& path, std::string problem, std::string next_step) {
        out_.issues.push_back(
            config::issue_at(configuration_->root(), path, std::move(problem), std::move(next_step)));
    }

    void read_policies() {
        std::vector<store::PolicyRule> rules;
        for (std::size_t index = 0; index < root_.size("store.policies").value; ++index) {
            const View rule = root_.below("store.policies." + std::to_string(index));
            rules.push_back({rule.require_string("homes"), policy_of(rule.require_string("policy"))});
        }
        out_.policies = store::Policies(std::move(rules));
    }

    void read_server() {
        redis::ServerOptions& server = out_.client.server;
        server.username = root_.require_string("store.redis.username");
        server.password = password("store.redis.password_file");
        require_password("store.redis", server.username, server.password);
        server.database = number("store.redis.database");
        server.tls = tls("store.redis.tls");
    }

    void read_breaker() {
        redis::BreakerOptions& breaker = out_.client.breaker;
        breaker.failures = number("store.breaker.failures");
        breaker.silence_ms = number("store.breaker.silence_ms");
        breaker.probe_least_ms = number("store.breaker.probe_least_ms");
        breaker.probe_most_ms = number("store.breaker.probe_most_ms");
        if (breaker.probe_least_ms > breaker.probe_most_ms)
            complain("store.breaker.probe_least_ms", "is more than store.breaker.probe_most_ms",
                     "make it the smaller of the two");
    }

    void read_sentinel() {
        redis::SentinelOptions& sentinel = out_.client.sentinel.emplace();
        const std::string list = "store.sentinel.addresses";
        sentinel.master = root_.require_string("store.sentinel.master");
        sentinel.username = root_.require_string("store.sentinel.username");
        sentinel.password = password("store.sentinel.password_file");
        require_password("store.sentinel", sentinel.username, sentinel.password);
        sentinel.tls = tls("store.sentinel.tls");
        for (std::size_t index = 0; index < root_.size(list).value; ++index)
            sentinel.addresses.push_back(address(list + "." + std::to_string(index)));
        if (sentinel.addresses.empty())
            complain(list, "is empty, and nobody else can name the master",
                     "list the Sentinels, for example [10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379]");
        read_address_map("store.sentinel.address_map");
    }

    void read_address_map(const std::string& map) {
        for (std::size_t index = 0; index < root_.size(map).value; ++index) {
            const std::string said(root_.key(map, index).value);
            const auto from = redis::parse_address(said);
            if (!from) complain(map, config::quote(said) + " is no address", "write it as host:port");
            const redis::Address to = address(config::join_path(map, said));
            if (from) out_.client.address_map.emplace(*from, to);
        }
    }

    redis::Address address(const std::string& path) {
        const std::string text = root_.require_string(path);
        const auto address = redis::parse_address(text);
        if (!address) complain(path, config::quote(text) + " is no address", "write it as host:port");
        return address.value_or(redis::Address());
    }

    std::string password(const std::string& path) {
        const std::string file = root_.require_string(path);
        if (file.empty()) return {};
        std::ifstream in(file);
        std::string line;
        if (!std::getline(in, line) || line.empty())
            complain(path, "cannot read a password from " + config::quote(file),
                     "the file's first line is the password; see that this user may read it");
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return line;
    }

    // Only a password is shown to a server; a name without one would silently be the default user.
    void require_password(const std::string& section, const std::string& username,
                          const std::string& password) {
        const std::string path = section + ".password_file";
        if (username.empty() || !password.empty() || !root_.require_string(path).empty()) return;
        complain(
            path, "is missing for the user " + config::quote(username),
            "name a file whose first line is the password; for a user without one (nopass) any text will do");
    }

    std::optional<redis::TlsOptions> tls(const std::string& section) {
        const View keys = root_.below(section);
        if (!keys.require_boolean("enabled")) return std::nullopt;
        redis::TlsOptions options{keys.require_string("ca_file"), keys.require_string("cert_file"),
                                  keys.require_string("key_file"), keys.require_string("server_name"),
                                  verify_of(keys.require_string("verify"))};
        try {
            const redis::TlsContext attempt(options);
        } catch (const std::exception& error) {
            complain(section, error.what(),
                     "see that the files exist, hold PEM, and this user may read them");
        }
        return options;
    }

    std::shared_ptr<const config::Configuration> configuration_;
    View root_;
    StoreSettings out_;
};

}  // namespace

StoreSettings read_store(std::shared_ptr<const config::Configuration> configuration) {
    return StoreReader(std::move(configuration)).read();
}

}  // namespace streamhost::app
