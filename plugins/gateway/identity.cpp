#include "identity.hpp"

#include <simdjson.h>

#include "streamhost/bearer.hpp"
#include "streamhost/bytes.hpp"

namespace gateway {

using streamhost::bytes;

namespace {

std::string_view without_spaces(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string text_of(simdjson::dom::element root, const char* name) {
    std::string_view text;
    return root[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::int64_t number_of(simdjson::dom::element root, const char* name) {
    std::int64_t number = 0;
    return root[name].get(number) == simdjson::SUCCESS ? number : 0;
}

}  // namespace

sh_auth_mark Identity::mark() const {
    return {sizeof(sh_auth_mark), 0, bytes(user), bytes(id), bytes(key), issued_ms, bytes(claims)};
}

std::shared_ptr<const Identity> anonymous() {
    static const auto nobody = [] {
        auto identity = std::make_shared<Identity>(Identity{.user = "anonymous"});
        for (const char* grant : {"read:@own", "send:@own", "produce:@own"})
            identity->grants.add(grant);
        return identity;
    }();
    return nobody;
}

std::optional<Identity> read_identity(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
    Identity identity{.user = text_of(root, "user"),
                      .id = text_of(root, "id"),
                      .key = text_of(root, "key"),
                      .claims = text_of(root, "claims"),
                      .issued_ms = number_of(root, "issued_ms"),
                      .expires_ms = number_of(root, "expires_ms"),
                      .grants = {}};
    if (identity.user.empty()) return std::nullopt;
    simdjson::dom::array grants;
    if (root["grants"].get(grants) != simdjson::SUCCESS) return identity;
    for (const simdjson::dom::element grant : grants) {
        std::string_view text;
        if (grant.get(text) == simdjson::SUCCESS) identity.grants.add(text);
    }
    return identity;
}

// A page of a sibling domain can set a second cookie of the same name: the first is not the right one.
BroughtToken brought_token(std::string_view authorization, std::string_view cookies, std::string_view name) {
    BroughtToken brought{.token = streamhost::bearer_token(authorization)};
    while (!cookies.empty() && !name.empty()) {
        const std::size_t end = cookies.find(';');
        const std::string_view pair = without_spaces(cookies.substr(0, end));
        cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
        const std::string_view value = pair.substr(equals + 1);
        if (value.empty()) continue;
        if (!brought.token.empty() && brought.token != value) return {.token = {}, .is_ambiguous = true};
        brought.token = value;
    }
    return brought;
}

}  // namespace gateway
