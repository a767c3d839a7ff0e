#include "settings.hpp"

#include "streamhost/grants.hpp"
#include "streamhost/status.hpp"

namespace auth {

using streamhost::Config;
using streamhost::Failure;

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw Failure(SH_INVALID, "plugins.auth." + path + ": " + why);
}

KeySource read_key(const Config& config, const std::string& at) {
    KeySource source;
    source.id = config.string(at + ".id");
    const std::string name = config.string(at + ".algorithm");
    const auto algorithm = algorithm_of(name);
    if (source.id.empty()) refuse(at + ".id", "a key needs the id that its tokens name as kid");
    if (!algorithm) refuse(at + ".algorithm", "one of HS256, RS256, ES256");
    source.algorithm = *algorithm;
    const bool is_secret = source.algorithm == Algorithm::kHs256;
    source.file = config.string(at + (is_secret ? ".secret_file" : ".public_key_file"));
    if (source.file.empty()) refuse(at, name + (is_secret ? " needs secret_file" : " needs public_key_file"));
    if (!config.string(at + (is_secret ? ".public_key_file" : ".secret_file")).empty())
        refuse(at, name + (is_secret ? " has no public_key_file" : " has no secret_file"));
    return source;
}

std::vector<std::string> read_texts(const Config& config, const std::string& path) {
    std::vector<std::string> texts;
    for (std::uint64_t index = 0; index < config.size(path); ++index)
        texts.push_back(config.string(path + '.' + std::to_string(index)));
    return texts;
}

ClaimRules read_rules(const Config& config) {
    ClaimRules rules;
    rules.issuer = config.string("issuer");
    rules.audiences = read_texts(config, "audiences");
    rules.require_expiry = config.boolean("require_expiry", true);
    rules.leeway_ms = config.integer("leeway_ms", rules.leeway_ms);
    rules.max_age_ms = config.integer("max_token_age_ms", 0);
    rules.grants_claim = config.string("grants_claim", rules.grants_claim);
    if (config.size("default_grants") > 0) rules.default_grants = read_texts(config, "default_grants");
    for (const std::string& grant : rules.default_grants)
        if (!streamhost::GrantList().add(grant))
            refuse("default_grants", '"' + grant + "\" is no grant, see docs/auth.md");
    for (const char* claim : {"sub", "jti", "iss", "aud", "exp", "nbf", "iat"})
        if (rules.grants_claim == claim) refuse("grants_claim", rules.grants_claim + " means something else");
    return rules;
}

}  // namespace

Settings read_settings(const Config& config) {
    Settings settings;
    for (std::uint64_t index = 0; index < config.size("keys"); ++index)
        settings.keys.keys.push_back(read_key(config, "keys." + std::to_string(index)));
    settings.keys.jwks_file = config.string("jwks_file");
    settings.rules = read_rules(config);
    const std::int64_t max_age_ms = settings.rules.max_age_ms;
    settings.keep_ms = settings.rules.leeway_ms +
                       (max_age_ms > 0 ? max_age_ms : config.integer("revocation_keep_ms", 86'400'000));
    settings.is_revocation_required = config.string("revocation", "required") == "required";
    FixedSettings& fixed = settings.fixed;
    fixed.has_dev_tokens = config.boolean("dev_tokens.enabled", false);
    fixed.dev_secret_file = fixed.has_dev_tokens ? config.string("dev_tokens.secret_file") : "";
    fixed.cache_entries = static_cast<std::size_t>(config.integer("cache_entries", std::int64_t{10'000}));
    fixed.queue = static_cast<std::uint32_t>(config.integer("queue", fixed.queue));
    if (!fixed.dev_secret_file.empty())
        settings.keys.keys.push_back({kDevelopmentKey, Algorithm::kHs256, fixed.dev_secret_file});
    if (settings.keys.keys.empty() && settings.keys.jwks_file.empty() && !fixed.has_dev_tokens)
        refuse("keys", "no key is named, here or by jwks_file: nobody could be let in");
    return settings;
}

}  // namespace auth
