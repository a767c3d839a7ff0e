#include "app/production.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <Poco/Exception.h>

#include "config/path.hpp"
#include "net/listen_address.hpp"

namespace streamhost::app {

namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::size_t kLeastDifferentBytes = 12;  // of a secret; 32 random bytes have about 30
constexpr std::int64_t kLeastDays = 14;  // of a certificate; whoever renews them has to notice and to act
constexpr std::size_t kSecretBytesRead = 4'096;

bool is_loopback(const std::string& address) {
    try {
        return net::is_local(net::parse_address(address));
    } catch (const Poco::Exception&) {
        return false;
    }
}

// Nothing when nobody but the owner and the group may read it, or when there is no such file.
bool is_open_to_all(const std::string& file) {
    std::error_code absent;
    const fs::file_status status = fs::status(file, absent);
    if (absent || !fs::is_regular_file(status)) return false;
    return (status.permissions() & fs::perms::others_read) != fs::perms::none;
}

// "change-me-change-me-change-me-12" is long enough for HS256 and can be guessed all the same.
bool is_weak_secret(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text(kSecretBytesRead, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    static constexpr std::string_view kKnown[] = {"secret", "change", "password", "example", "default"};
    const bool is_known = std::any_of(std::begin(kKnown), std::end(kKnown), [&](std::string_view word) {
        return text.find(word) != std::string::npos;
    });
    return !text.empty() && (is_known || std::set(text.begin(), text.end()).size() < kLeastDifferentBytes);
}

class Checklist {
public:
    Checklist(const std::shared_ptr<const config::Configuration>& configuration, const ProductionFacts& facts)
        : configuration_(*configuration), root_(configuration), facts_(facts) {}

    Findings run() {
        check_identity();
        check_tokens();
        check_limits();
        check_listeners();
        check_certificates();
        check_store();
        check_secrets();
        check_answers();
        check_drain();
        check_operation();
        tell_what_no_file_says();
        return std::move(findings_);
    }

private:
    void fine(std::string name, std::string text) {
        findings_.push_back({Level::kFine, std::move(text), std::move(name), {}});
    }
    void warn(std::string name, std::string text, std::string next) {
        findings_.push_back({Level::kWarning, std::move(text), std::move(name), std::move(next)});
    }
    void leave(std::string name, std::string text, std::string next) {
        findings_.push_back({Level::kTodo, std::move(text), std::move(name), std::move(next)});
    }
    void fail(std::string name, std::string text, std::string next) {
        findings_.push_back({Level::kError, std::move(text), std::move(name), std::move(next)});
    }

    [[nodiscard]] std::string text(std::string_view path) const {
        return std::string(root_.get_string(path).value);
    }
    [[nodiscard]] std::vector<std::string> texts(const std::string& list) const {
        std::vector<std::string> all;
        for (std::size_t index = 0; index < count(list); ++index)
            all.push_back(text(list + "." + std::to_string(index)));
        return all;
    }
    [[nodiscard]] bool is_set(std::string_view path) const { return root_.get_boolean(path).value; }
    [[nodiscard]] std::int64_t number(std::string_view path) const { return root_.get_integer(path).value; }
    [[nodiscard]] std::size_t count(std::string_view path) const { return root_.size(path).value; }
    [[nodiscard]] bool has_plugin(const std::string& name) const {
        return is_set("plugins." + name + ".enabled");
    }

    // Who connects is known.
    void check_identity() {
        if (!has_plugin("gateway")) {
            fine("authentication", "no clients: the plugin gateway is off");
        } else if (text("plugins.gateway.authentication") != "required") {
            fail("authentication", "whoever reaches the node may read and write everything without a token",
                 "plugins.auth with your keys, and plugins.gateway.authentication: required");
        } else {
            fine("authentication", "clients need a token");
        }
        check_origins();
        check_cors();
        if (is_set("plugins.auth.dev_tokens.enabled"))
            fail("dev-tokens", "POST /v1/dev-token gives anybody a token for any user",
                 "remove plugins.auth.dev_tokens");
        if (text("listeners.admin.authentication") == "required")
            fine("admin-tokens", "calls of the admin listener need a token");
        else
            warn("admin-tokens",
                 "every process that reaches " + text("listeners.admin.address") +
                     " may stop plugins and close sessions",
                 "listeners.admin.authentication: required, and grants admin:view, admin:change");
    }

    [[nodiscard]] bool takes_every_site(const std::string& origins) const {
        const std::vector<std::string> all = texts(origins);
        return std::find(all.begin(), all.end(), "*") != all.end();
    }

    void check_origins() {
        if (takes_every_site("plugins.gateway.allowed_origins"))
            return fail("origins", "pages of every site may connect with what a visitor's browser sends",
                        "name the sites in plugins.gateway.allowed_origins");
        if (has_plugin("gateway")) fine("origins", "pages of named sites, and of this host, may connect");
    }

    // For HTTP; a browser sends no cookies there with "*".
    void check_cors() {
        if (takes_every_site("http.cors.allowed_origins"))
            return warn("cors", "pages of every site may ask over HTTP and read the answers",
                        "name the sites in http.cors.allowed_origins");
        fine("cors", count("http.cors.allowed_origins") == 0 ? "pages of other sites may not read answers"
                                                             : "pages of named sites may read answers");
    }

    // What a token has to be.
    void check_tokens() {
        if (!has_plugin("auth")) return;
        check_claims();
        for (std::size_t index = 0; index < count("plugins.auth.keys"); ++index) {
            const std::string at = "plugins.auth.keys." + std::to_string(index);
            const std::string file = text(at + ".secret_file");
            if (file.empty()) continue;
            if (is_weak_secret(file))
                fail("jwt-secrets", file + " (" + at + ") can be guessed",
                     "openssl rand -hex 32, or an ES256 key that stays with the login service");
            else
                fine("jwt-secrets", at + ": a secret of its own");
            check_reader("jwt-secrets", file, at);
        }
    }

    void check_claims() {
        if (text("plugins.auth.issuer").empty() || count("plugins.auth.audiences") == 0)
            warn("token-claims", "tokens that were made for another service are taken as well",
                 "plugins.auth.issuer and plugins.auth.audiences");
        else
            fine("token-claims", "issuer and audience are checked");
        if (root_.get_boolean("plugins.auth.require_expiry").status == config::Lookup::ok &&
            !is_set("plugins.auth.require_expiry"))
            fail("token-expiry", "a token that was lost once is good for ever",
                 "plugins.auth.require_expiry: true, or max_token_age_ms");
    }

    void check_reader(const std::string& name, const std::string& file, const std::string& at) {
        if (is_open_to_all(file))
            warn(name, file + " (" + at + ") can be read by every user of the machine", "chmod o= " + file);
    }

    void check_limits() {
        if (!has_plugin("gateway")) return;
        if (!has_plugin("ratelimit"))
            return fail("rate-limits", "nobody counts how often somebody connects, sends or fails",
                        "plugins.ratelimit.enabled: true");
        if (count("plugins.ratelimit.limits") == 0)
            return warn("rate-limits", "plugins.ratelimit.limits is empty: only connections are counted",
                        "remove the empty list for the shipped limits, or write your own");
        fine("rate-limits", std::to_string(count("plugins.ratelimit.limits")) + " limits are in force");
    }

    void check_listeners() {
        for (std::size_t index = 0; index < count("listeners"); ++index) {
            const std::string name(root_.key("listeners", index).value);
            const std::string address = text("listeners." + name + ".address");
            if (is_loopback(address))
                fine("exposure", "listeners." + name + ": only this machine reaches " + address);
            else if (is_set("listeners." + name + ".tls.enabled"))
                fine("exposure", "listeners." + name + ": TLS at " + address);
            else
                warn("exposure", "listeners." + name + " speaks HTTP without TLS at " + address,
                     "let nobody but the proxy that ends TLS reach it: firewall, network policy");
        }
    }

    void check_certificates() {
        for (const auto& [listener, ends_at_s] : facts_.certificates_end_s) {
            const std::string at = "listeners." + listener + ".tls";
            const std::int64_t days = (ends_at_s - facts_.now_s) / (24 * 60 * 60);
            if (days < kLeastDays)
                warn("certificates",
                     text(at + ".cert_file") + " (" + at + ") ends in " + std::to_string(days) + " days",
                     "renew it, then streamhost config apply");
            else
                fine("certificates", at + ": ends in " + std::to_string(days) + " days");
            check_reader("certificates", text(at + ".key_file"), at + ".key_file");
        }
    }

    void check_store() {
        const std::string kind = text("store.kind");
        if (kind == "memory")
            return fail("store", "what is in flight and every session is gone with the process",
                        "store.kind: redis-sentinel (config/profiles/sentinel.yaml)");
        if (kind == "redis")
            warn("store", "one Redis: while it is away no message is taken",
                 "store.kind: redis-sentinel with two replicas");
        else if (count("store.sentinel.addresses") < 3)
            warn("store", "fewer than three Sentinels: losing one may mean that nobody moves the master",
                 "name three or more in store.sentinel.addresses");
        else
            fine("store", std::to_string(count("store.sentinel.addresses")) + " Sentinels watch the master");
        check_server("redis", "store.redis");
        if (kind == "redis-sentinel") check_server("sentinel", "store.sentinel");
    }

    void check_server(const std::string& name, const std::string& at) {
        const std::string file = text(at + ".password_file");
        if (file.empty())
            fail(name + "-authentication",
                 at + ".password_file is empty: whoever reaches the servers owns them",
                 "a user with the rights of docs/redis.md, its password in a file");
        else if (text(at + ".username").empty())
            warn(name + "-authentication",
                 at + ".username is empty: the node has all rights of the default user",
                 "a user with the rights of docs/redis.md");
        else
            fine(name + "-authentication", at + ": user " + text(at + ".username"));
        check_reader(name + "-authentication", file, at + ".password_file");
        check_tls(name + "-tls", at);
    }

    // With Sentinels the master is where they say, wherever they are themselves.
    [[nodiscard]] bool is_on_this_machine(const std::string& at) const {
        if (at == "store.redis")
            return text("store.kind") == "redis" && is_loopback(text("store.redis.address"));
        const std::vector<std::string> sentinels = texts("store.sentinel.addresses");
        return !sentinels.empty() && std::all_of(sentinels.begin(), sentinels.end(), is_loopback);
    }

    void check_tls(const std::string& name, const std::string& at) {
        if (is_set(at + ".tls.enabled")) {
            if (text(at + ".tls.verify") == "none")
                return fail(name, at + ".tls.verify is none: anybody may pass for the server",
                            "verify: name, with ca_file");
            return fine(name, at + ": TLS");
        }
        if (is_on_this_machine(at)) return fine(name, at + ": on this machine");
        warn(name, at + ": passwords and messages cross the network in clear",
             at + ".tls, or a network that only nodes and store share");
    }

    // A secret in the file itself is in every backup and every review of it.
    void check_secrets() {
        std::size_t found = 0;
        look_for_secrets(configuration_.root(), {}, found);
        if (found == 0) fine("secrets", "no secret stands in a configuration file itself");
    }

    // Recursion: depth is bounded by kMaxDepth.
    void look_for_secrets(const config::Value& value, const std::string& path, std::size_t& found) {
        if (const config::Value::Object* members = value.object())
            for (const config::Member& member : *members)
                look_for_secrets(member.value, config::join_path(path, member.name), found);
        const bool is_text = value.text() != nullptr && !value.text()->empty();
        if (!is_text || !value.secret || value.expanded || value.origin.kind != config::SourceKind::file)
            return;
        ++found;
        warn("secrets", path + " stands in " + value.origin.text(),
             "\"${file:/run/secrets/...}\" in its place");
    }

    // Who answers, and over which line.
    void check_answers() {
        if (!has_plugin("chat")) return;
        const bool works = is_set("plugins.chat.worker.enabled");
        const std::string own = text("plugins.chat.provider");
        const std::string worker = text("plugins.chat.worker.provider");
        const std::string name = works && !worker.empty() ? worker : own;
        const View provider = root_.below("plugins.chat.providers." + config::join_path({}, name));
        const std::string type(provider.get_string("type").value);
        if (type.empty() || type == "echo")
            warn("answers", "the provider \"" + name + "\" only says again what it was asked",
                 "plugins.chat.providers with type openai or remote, and plugins.chat.provider");
        else
            fine("answers", "the provider \"" + name + "\", type " + type);
        for (std::size_t index = 0; index < count("plugins.chat.providers"); ++index)
            check_line(std::string(root_.key("plugins.chat.providers", index).value));
    }

    void check_line(const std::string& name) {
        const std::string at = config::join_path("plugins.chat.providers", name);
        if (text(at + ".type") != "openai") return;
        if (root_.get_boolean(at + ".verify_tls").status == config::Lookup::ok && !is_set(at + ".verify_tls"))
            fail("answers-tls", at + ".verify_tls is false: anybody may pass for the model's server",
                 "true, with ca_file for a server of your own");
        else if (text(at + ".base_url").starts_with("http://") && !text(at + ".api_key").empty())
            warn("answers-tls", at + ".base_url sends its key in clear", "https://");
    }

    void check_drain() {
        const std::int64_t needed_ms = number("drain.balancer_wait_ms") + number("drain.window_ms");
        if (number("drain.exit_within_ms") < needed_ms)
            fail("drain", "drain.exit_within_ms ends the process before everybody was asked to leave",
                 "more than balancer_wait_ms and window_ms together, which are " + std::to_string(needed_ms));
        else if (has_plugin("gateway") && number("drain.window_ms") < 5'000)
            warn("drain", "drain.window_ms sends all clients away at once; they come back at once",
                 "15s or more with thousands of clients");
        else
            fine("drain", "the process ends within " + std::to_string(number("drain.exit_within_ms")) +
                              " ms: whoever stops it has to wait longer");
    }

    void check_operation() {
        if (text("node.id").empty() && !facts_.names_node)
            warn("node-id", "the node's name is made up at each start: metrics and logs have no past",
                 "node.id, or NODE_ID in the environment");
        else
            fine("node-id", text("node.id").empty() ? "from NODE_ID" : text("node.id"));
        if (has_plugin("health"))
            fine("health", "probes and metrics are answered");
        else
            fail("health", "nobody answers probes, and nobody sees that delivery is broken",
                 "plugins.health.enabled: true");
        check_logs();
        if (has_plugin("echo"))
            warn("samples", "plugins.echo is a sample that says everything again", "switch it off");
    }

    void check_logs() {
        if (text("logging.level") == "debug")
            warn("logs", "logging.level debug writes a line for each step", "info");
        else if (text("logging.format") != "json")
            warn("logs", "lines for people: whoever collects them has to guess at their fields",
                 "logging.format: json");
        else
            fine("logs", "an object for each line");
    }

    // A list without these would look complete.
    void tell_what_no_file_says() {
        if (text("store.kind") != "memory")
            leave("backups", "was a copy of Redis' data restored once?",
                  "deploy/redis/backup.sh, and a restore of what it wrote on another machine: "
                  "docs/operate/backup.md");
        leave("pool-sizes",
              "store.connections: " + std::to_string(number("store.connections")) +
                  ", limits.connections: " + std::to_string(number("limits.connections")) +
                  "; are they right for as many nodes and clients as there will be?",
              "compare with docs/operate/scaling.md; descriptors, memory and Redis' maxclients go with them");
        if (has_plugin("gateway"))
            leave("proxy",
                  "does the proxy end TLS, replace X-Forwarded-For, and keep /admin and /metrics inside?",
                  "deploy/verify.sh, and the tries of docs/operate/security.md from outside");
        leave("alarms", "does an alarm reach somebody?",
              "load deploy/prometheus/rules.yml, stop one node, and wait for NodeDown");
    }

    using View = config::View;
    const config::Configuration& configuration_;
    const View root_;
    const ProductionFacts facts_;
    Findings findings_;
};

}  // namespace

Findings production_findings(const std::shared_ptr<const config::Configuration>& configuration,
                             const ProductionFacts& facts) {
    return Checklist(configuration, facts).run();
}

}  // namespace streamhost::app
