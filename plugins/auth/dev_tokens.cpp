#include "dev_tokens.hpp"

#include <openssl/rand.h>

#include "streamhost/grants.hpp"
#include "streamhost/json_object.hpp"
#include "streamhost/status.hpp"

#include "json_members.hpp"

namespace auth {

using simdjson::dom::element;
using streamhost::Failure;

namespace {

constexpr const char* kForm =
    "the body is {\"user\":\"NAME\",\"grants\":[\"VERB:PATTERN\",...],\"ttl_ms\":N}, "
    "of which user is needed";

bool read_grant_list(const element& value, DevRequest& out) {
    simdjson::dom::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) return false;
    out.grants.emplace();
    for (const element& item : list) {
        std::string grant;
        if (!read_text(item, grant)) return false;
        if (!streamhost::GrantList().add(grant))
            throw Failure(SH_INVALID, "one of the grants is no grant, see docs/auth.md");
        out.grants->push_back(std::move(grant));
    }
    return true;
}

// NumericDate with milliseconds.
std::string date(std::int64_t ms) {
    const std::string rest = std::to_string(1'000 + ms % 1'000);
    return std::to_string(ms / 1'000) + '.' + rest.substr(1);
}

}  // namespace

DevRequest read_dev_request(std::string_view body) {
    DevRequest request;
    const bool is_read = each_member(body, [&](std::string_view name, const element& value) {
        if (name == "user") return read_text(value, request.user);
        if (name == "grants") return read_grant_list(value, request);
        return name == "ttl_ms" && value.get_int64().get(request.ttl_ms) == simdjson::SUCCESS;
    });
    if (!is_read) throw Failure(SH_INVALID, kForm);
    if (!is_user(request.user))
        throw Failure(SH_INVALID,
                      "a user is 1 to 128 bytes without control characters and braces, and not anonymous");
    if (request.ttl_ms < DevRequest::kMinTtlMs || request.ttl_ms > DevRequest::kMaxTtlMs)
        throw Failure(SH_INVALID, "ttl_ms is from 1,000 to 86,400,000");
    return request;
}

DevToken make_dev_token(const DevRequest& request, const ClaimRules& rules, const Key& key,
                        const std::string& id, std::int64_t now_ms) {
    DevToken token;
    token.expires_ms = now_ms + request.ttl_ms;
    streamhost::JsonObject payload;
    payload.text("sub", request.user).text("jti", id);
    payload.json("iat", date(now_ms)).json("exp", date(token.expires_ms));
    payload.text_if("iss", rules.issuer);
    if (!rules.audiences.empty()) payload.text("aud", rules.audiences.front());
    const std::string grants = streamhost::json_array(request.grants.value_or(rules.default_grants));
    const std::string claim = streamhost::json_string(rules.grants_claim);
    payload.json(std::string_view(claim).substr(1, claim.size() - 2), grants);
    token.text = key.sign(payload.done());
    if (token.text.size() > kMaxTokenBytes)
        throw Failure(SH_INVALID, "a token with these grants is over 8 KiB");
    return token;
}

std::string random_secret() {
    std::string secret(kMinSecretBytes, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()), static_cast<int>(secret.size())) != 1)
        throw Failure(SH_UNAVAILABLE, "the system gives no random bytes");
    return secret;
}

}  // namespace auth
