#include "net/http_policy.hpp"

#include <algorithm>
#include <ctime>
#include <optional>

#include "net/http_text.hpp"

namespace streamhost::net {

namespace {

constexpr std::string_view kLineEnd = "\r\n";

void append_line(std::string& out, std::string_view name, std::string_view value) {
    if (!value.empty()) out.append(name).append(": ").append(value).append(kLineEnd);
}

bool is_for_all(const CorsRules& rules) {
    return !rules.credentials &&
           std::find(rules.origins.begin(), rules.origins.end(), "*") != rules.origins.end();
}

// As the operator wrote it; nothing: this page may not.
std::optional<std::string_view> allowed_origin(const CorsRules& rules, const HttpHead& head) {
    if (head.count("origin") != 1) return std::nullopt;
    if (is_for_all(rules)) return "*";
    const std::string_view origin = *head.find("origin");
    for (const std::string& known : rules.origins)
        if (equal_ignoring_case(known, origin)) return known;
    return std::nullopt;
}

// Between the status line and the empty one.
bool has_field(std::string_view fields, std::string_view name) {
    while (!fields.empty()) {
        const std::size_t end = std::min(fields.find(kLineEnd), fields.size());
        const std::string_view line = fields.substr(0, end);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            equal_ignoring_case(line.substr(0, name.size()), name))
            return true;
        fields.remove_prefix(std::min(end + kLineEnd.size(), fields.size()));
    }
    return false;
}

}  // namespace

std::string cors_lines(const CorsRules& rules, const HttpHead& head) {
    std::string lines;
    if (!rules.is_on()) return lines;
    if (!is_for_all(rules)) append_line(lines, "Vary", "Origin");
    const auto origin = allowed_origin(rules, head);
    if (!origin) return lines;
    append_line(lines, "Access-Control-Allow-Origin", *origin);
    append_line(lines, "Access-Control-Expose-Headers", rules.exposed);
    if (rules.credentials) append_line(lines, "Access-Control-Allow-Credentials", "true");
    return lines;
}

bool is_preflight(const HttpHead& head) noexcept {
    return head.method == "OPTIONS" && head.find("origin") && head.find("access-control-request-method");
}

// The lines of cors_lines() come to it as to every answer.
std::string preflight_answer(const CorsRules& rules, const HttpHead& head, AfterReply after) {
    std::string out;
    if (!allowed_origin(rules, head)) {
        append_problem(out,
                       {.status = 403,
                        .after = after,
                        .detail = "Pages of this origin may not ask here; see http.cors.allowed_origins"});
        return out;
    }
    const std::string max_age = std::to_string(rules.max_age_s);
    std::vector<HttpField> fields = {{"Access-Control-Allow-Methods", rules.methods},
                                     {"Access-Control-Max-Age", max_age}};
    if (!rules.headers.empty()) fields.push_back({"Access-Control-Allow-Headers", rules.headers});
    append_reply(out, {.status = 204, .after = after, .fields = fields});
    return out;
}

void add_fields(std::string& response, const HttpPolicy& policy, std::string_view date,
                std::string_view lines) {
    const std::size_t first = response.find(kLineEnd) + kLineEnd.size();
    const std::size_t end = response.find("\r\n\r\n");
    if (end == std::string::npos || first > end + kLineEnd.size()) return;
    const std::string_view present = std::string_view(response).substr(first, end + kLineEnd.size() - first);
    std::string more;
    if (!has_field(present, "Date")) append_line(more, "Date", date);
    for (const auto& [name, value] : policy.headers)
        if (!has_field(present, name)) append_line(more, name, value);
    more.append(lines);
    response.insert(first, more);
}

// No locale has a say in it.
std::string http_date(std::int64_t seconds) {
    constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::time_t time = seconds;
    std::tm utc{};
    if (::gmtime_r(&time, &utc) == nullptr) return {};
    const auto digits = [](int number, std::size_t width) {
        const std::string text = std::to_string(number);
        return std::string(width - std::min(width, text.size()), '0') + text;
    };
    std::string out(kDays.substr(static_cast<std::size_t>(utc.tm_wday) * 3, 3));
    out.append(", ").append(digits(utc.tm_mday, 2)).append(" ");
    out.append(kMonths.substr(static_cast<std::size_t>(utc.tm_mon) * 3, 3)).append(" ");
    out.append(digits(utc.tm_year + 1900, 4)).append(" ").append(digits(utc.tm_hour, 2)).append(":");
    return out.append(digits(utc.tm_min, 2)).append(":").append(digits(utc.tm_sec, 2)).append(" GMT");
}

}  // namespace streamhost::net
