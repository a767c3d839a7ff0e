#include "claims.hpp"

#include <algorithm>
#include <cmath>

#include "streamhost/grants.hpp"
#include "streamhost/json_object.hpp"

#include "json_members.hpp"

namespace auth {

using simdjson::dom::element;

namespace {

constexpr std::string_view kNobody = "anonymous";

bool is_plain(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char byte) {
        const auto code = static_cast<unsigned char>(byte);
        return code < 0x20 || code == 0x7f;
    });
}

// NumericDate: seconds, also with a fraction.
bool read_date(const element& value, std::optional<std::int64_t>& out) {
    double seconds = 0;
    if (value.get_double().get(seconds) != simdjson::SUCCESS) return false;
    const double ms = std::round(seconds * 1e3);
    if (!(ms >= 0 && ms <= static_cast<double>(kMaxDateMs))) return false;
    out = static_cast<std::int64_t>(ms);
    return true;
}

bool read_audiences(const element& value, std::vector<std::string>& out) {
    std::string one;
    if (read_text(value, one)) {
        out.push_back(std::move(one));
        return true;
    }
    simdjson::dom::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) return false;
    for (const element& item : list) {
        if (!read_text(item, one)) return false;
        out.push_back(one);
    }
    return true;
}

void take_grant(std::string_view grant, Claims& out) {
    if (streamhost::GrantList().add(grant)) {
        out.grants->emplace_back(grant);
    } else {
        ++out.unknown_grants;
    }
}

bool read_grants(const element& value, Claims& out) {
    out.grants.emplace();
    std::string_view words;
    if (value.get_string().get(words) == simdjson::SUCCESS) {
        while (!words.empty()) {
            const std::size_t end = std::min(words.find(' '), words.size());
            if (end > 0) take_grant(words.substr(0, end), out);
            words.remove_prefix(std::min(end + 1, words.size()));
        }
        return true;
    }
    simdjson::dom::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) return false;
    for (const element& item : list) {
        std::string_view grant;
        // What is no string is no grant either.
        if (item.get_string().get(grant) != simdjson::SUCCESS) grant = {};
        take_grant(grant, out);
    }
    return true;
}

bool read_claim(std::string_view name, const element& value, std::string_view grants_claim, Claims& out) {
    if (name == "sub") return read_text(value, out.user);
    if (name == "jti")
        return read_text(value, out.id) && out.id.size() <= kMaxTokenIdBytes && is_plain(out.id);
    if (name == "iss") return read_text(value, out.issuer);
    if (name == "aud") return read_audiences(value, out.audiences);
    if (name == "exp") return read_date(value, out.expires_ms);
    if (name == "nbf") return read_date(value, out.not_before_ms);
    if (name == "iat") return read_date(value, out.issued_ms);
    return name != grants_claim || read_grants(value, out);
}

bool is_for_us(const Claims& claims, const ClaimRules& rules) {
    if (rules.audiences.empty()) return true;
    return std::any_of(claims.audiences.begin(), claims.audiences.end(), [&](const std::string& one) {
        return std::find(rules.audiences.begin(), rules.audiences.end(), one) != rules.audiences.end();
    });
}

}  // namespace

bool is_user(std::string_view user) noexcept {
    return !user.empty() && user.size() <= kMaxUserBytes && user != kNobody && is_plain(user) &&
           user.find_first_of("{}") == std::string_view::npos;
}

Verdict read_claims(std::string_view payload, std::string_view grants_claim, Claims& out) {
    out = {};
    bool is_typed = true;
    const bool is_read = each_member(payload, [&](std::string_view name, const element& value) {
        is_typed = read_claim(name, value, grants_claim, out) && is_typed;
        return true;
    });
    if (!is_read) return Verdict::kMalformed;
    return is_typed ? Verdict::kOk : Verdict::kClaims;
}

std::string write_facts(const Claims& claims) {
    streamhost::JsonObject out;
    out.text_if("iss", claims.issuer);
    if (!claims.audiences.empty()) out.json("aud", streamhost::json_array(claims.audiences));
    if (claims.expires_ms) {
        const std::string ms = std::to_string(*claims.expires_ms % 1'000);
        out.json("exp",
                 std::to_string(*claims.expires_ms / 1'000) + '.' + std::string(3 - ms.size(), '0') + ms);
    }
    return out.done();
}

std::int64_t end_of(const Claims& claims, const ClaimRules& rules) noexcept {
    std::int64_t end_ms = claims.expires_ms.value_or(kMaxDateMs);
    if (rules.max_age_ms > 0 && claims.issued_ms)
        end_ms = std::min(end_ms, *claims.issued_ms + rules.max_age_ms);
    return end_ms == kMaxDateMs ? 0 : std::max<std::int64_t>(end_ms + rules.leeway_ms, 1);
}

Verdict judge(const Claims& claims, const ClaimRules& rules, std::int64_t now_ms) {
    if (!is_user(claims.user)) return Verdict::kClaims;
    if (rules.require_expiry && !claims.expires_ms) return Verdict::kClaims;
    if (rules.max_age_ms > 0 && !claims.issued_ms) return Verdict::kClaims;
    if (!rules.issuer.empty() && claims.issuer != rules.issuer) return Verdict::kIssuer;
    if (!is_for_us(claims, rules)) return Verdict::kAudience;
    const std::int64_t end_ms = end_of(claims, rules);
    if (end_ms != 0 && now_ms >= end_ms) return Verdict::kExpired;
    const std::int64_t begin_ms = std::max(claims.not_before_ms.value_or(0), claims.issued_ms.value_or(0));
    return now_ms + rules.leeway_ms < begin_ms ? Verdict::kNotYet : Verdict::kOk;
}

}  // namespace auth
