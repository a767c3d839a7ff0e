#include "redis/client/sentinel_reply.hpp"

#include <charconv>

#include "redis/error_code.hpp"

namespace streamhost::redis {

namespace {

// Of a map, or of the list of keys and values that RESP2 has for it.
RespValue field(const RespValue& map, std::string_view name) {
    RespValue at = map.first();
    for (std::uint32_t left = map.size(); left >= 2; left -= 2) {
        const RespValue value = at.after();
        if (at.text() == name) return value;
        at = value.after();
    }
    return {};
}

bool has_flag(std::string_view flags, std::string_view flag) {
    while (!flags.empty()) {
        const std::size_t comma = flags.find(',');
        if (flags.substr(0, comma) == flag) return true;
        if (comma == std::string_view::npos) return false;
        flags.remove_prefix(comma + 1);
    }
    return false;
}

SentinelAnswer read_error(std::string_view error) {
    SentinelAnswer answer;
    answer.detail = error;
    const std::string_view code = error_code(error);
    if (error.find("No such master") != std::string_view::npos)
        answer.kind = SentinelAnswer::Kind::kUnknownName;
    else if (code == "NOAUTH" || code == "NOPERM" || code == "WRONGPASS")
        answer.kind = SentinelAnswer::Kind::kRefused;
    return answer;
}

}  // namespace

SentinelAnswer read_master(const RespValue& reply) {
    if (reply.is(RespType::kError)) return read_error(reply.text());
    SentinelAnswer answer;
    if (!reply.is_list()) return answer;
    const std::string_view epoch = field(reply, "config-epoch").text();
    const auto [stop, error] =
        std::from_chars(epoch.data(), epoch.data() + epoch.size(), answer.config_epoch);
    if (error != std::errc{} || stop != epoch.data() + epoch.size()) return answer;
    answer.is_down = has_flag(field(reply, "flags").text(), "o_down");
    answer.kind = SentinelAnswer::Kind::kMaster;
    return answer;
}

void read_address(const RespValue& reply, SentinelAnswer& answer) {
    if (answer.kind != SentinelAnswer::Kind::kMaster) return;
    const auto port = reply.is_list() && reply.size() == 2 ? parse_port(reply[1].text()) : std::nullopt;
    if (!port || reply[0].text().empty()) {
        answer.kind = SentinelAnswer::Kind::kNone;
        return;
    }
    answer.master = {std::string(reply[0].text()), *port};
}

std::vector<Address> read_sentinels(const RespValue& reply) {
    std::vector<Address> found;
    if (!reply.is_list()) return found;
    RespValue at = reply.first();
    for (std::uint32_t left = reply.size(); left > 0; --left, at = at.after()) {
        const std::string_view host = field(at, "ip").text();
        const auto port = parse_port(field(at, "port").text());
        if (port && !host.empty()) found.push_back({std::string(host), *port});
    }
    return found;
}

bool is_switch_of(std::string_view payload, std::string_view name) {
    return payload.substr(0, payload.find(' ')) == name;
}

}  // namespace streamhost::redis
