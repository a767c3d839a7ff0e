#include "settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "streamhost/status.hpp"

namespace ratelimit {

using streamhost::Config;
using streamhost::Failure;

namespace {

constexpr std::array<std::pair<std::string_view, double>, 3> kUnits = {
    {{"second", 1e9}, {"minute", 60e9}, {"hour", 3600e9}}};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw Failure(SH_INVALID, "plugins.ratelimit." + path + ": " + why);
}

By by_of(const std::string& path, std::string_view text) {
    const auto found = std::find(kByWords.begin(), kByWords.end(), text);
    if (found == kByWords.end()) refuse(path, "is one of address, user, session, node");
    return static_cast<By>(found - kByWords.begin());
}

std::uint32_t verbs_of(const Config& config, const std::string& path) {
    std::uint32_t verbs = 0;
    for (std::uint64_t index = 0; index < config.size(path); ++index) {
        const std::string at = path + "." + std::to_string(index);
        const auto found = std::find(kVerbWords.begin() + 1, kVerbWords.end(), config.string(at));
        if (found == kVerbWords.end()) refuse(at, "is one of connect, hello, read, send, produce, admin");
        verbs |= 1U << (found - kVerbWords.begin());
    }
    return verbs == 0 ? kAllVerbs : verbs;
}

Limit read_limit(const Config& config, const std::string& path) {
    Limit limit;
    limit.by = by_of(path + ".by", config.string(path + ".by"));
    limit.verbs = verbs_of(config, path + ".verbs");
    const auto interval_ns = parse_rate(config.string(path + ".rate"));
    if (!interval_ns)
        refuse(path + ".rate",
               "is a number and a unit, such as 10/second, 0.5/second, 600/minute, 100/hour; at "
               "most 1000000/second, at least one in a day");
    limit.rate.interval_ns = *interval_ns;
    limit.rate.burst = config.integer(path + ".burst", 1);
    if (limit.rate.burst < 1 || limit.rate.burst > kMaxBurst) refuse(path + ".burst", "is 1 to 1000000");
    if (limit.rate.interval_ns > kMaxFillNs / limit.rate.burst)
        refuse(path + ".burst",
               "takes more than a day to come back at this rate; lower it or raise the rate");
    limit.scope = config.string(path + ".scope", "local") == "global" ? Scope::kGlobal : Scope::kLocal;
    return limit;
}

void read_exempt(const Config& config, Settings& settings) {
    for (std::uint64_t index = 0; index < config.size("exempt.addresses"); ++index) {
        const std::string at = "exempt.addresses." + std::to_string(index);
        const auto network = Network::parse(config.string(at));
        if (!network)
            refuse(at,
                   "is an address or a network such as 10.0.0.0/8 or 2001:db8::/32, without bits behind its "
                   "prefix");
        settings.exempt_networks.push_back(*network);
    }
    for (std::uint64_t index = 0; index < config.size("exempt.users"); ++index)
        settings.exempt_users.insert(config.string("exempt.users." + std::to_string(index)));
}

std::uint32_t number(const Config& config, const std::string& path, std::uint32_t otherwise) {
    return static_cast<std::uint32_t>(config.integer(path, otherwise));
}

}  // namespace

std::optional<std::int64_t> parse_rate(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view digits = text.substr(0, slash);
    const std::string_view unit = text.substr(slash + 1);
    const auto found =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& one) { return one.first == unit; });
    double count = 0;
    const auto read =
        std::from_chars(digits.data(), digits.data() + digits.size(), count, std::chars_format::fixed);
    if (found == kUnits.end() || digits.empty() || read.ec != std::errc() ||
        read.ptr != digits.data() + digits.size() || !(count > 0))
        return std::nullopt;
    const double interval_ns = found->second / count;
    if (!(interval_ns >= static_cast<double>(kMinIntervalNs) &&
          interval_ns <= static_cast<double>(kMaxFillNs)))
        return std::nullopt;
    return static_cast<std::int64_t>(std::round(interval_ns));
}

std::string show_rate(std::int64_t interval_ns) {
    for (const auto& [name, unit_ns] : kUnits) {
        const double count = unit_ns / static_cast<double>(interval_ns);
        if (count < 1 && name != "hour") continue;
        char text[32] = {};
        const double shown = std::round(count * 1'000) / 1'000;
        const auto end = std::to_chars(std::begin(text), std::end(text), shown > 0 ? shown : count,
                                       std::chars_format::fixed)
                             .ptr;
        return std::string(text, end).append("/").append(name);
    }
    return {};
}

Settings read_settings(const Config& config) {
    Settings settings;
    if (config.size("limits") > kMaxLimits) refuse("limits", "has at most 32 entries");
    for (std::uint64_t index = 0; index < config.size("limits"); ++index) {
        const std::string path = "limits." + std::to_string(index);
        const Limit limit = read_limit(config, path);
        if (std::find(settings.limits.begin(), settings.limits.end(), limit) != settings.limits.end())
            refuse(path, "is there twice: remove one");
        settings.limits.push_back(limit);
    }
    settings.connections.per_address = number(config, "connections.per_address", 0);
    settings.connections.per_user = number(config, "connections.per_user", 0);
    settings.connections.node = number(config, "connections.node", 0);
    settings.connections.retry_after_ms = config.integer("connections.retry_after_ms", 5'000);
    settings.prefixes.ipv4 = number(config, "prefixes.ipv4", 32);
    settings.prefixes.ipv6 = number(config, "prefixes.ipv6", 64);
    settings.max_buckets = number(config, "max_buckets", 100'000);
    read_exempt(config, settings);
    return settings;
}

}  // namespace ratelimit
