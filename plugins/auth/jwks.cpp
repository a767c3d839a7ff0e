#include "jwks.hpp"

#include <optional>
#include <string>
#include <utility>

#include "streamhost/status.hpp"

#include "base64url.hpp"
#include "json_members.hpp"

namespace auth {

using simdjson::dom::element;
using streamhost::Failure;

namespace {

struct Jwk {
    std::string kty, id, algorithm, curve, use;
    std::string n, e, x, y, k;
    bool may_verify = true;  // key_ops
    bool is_private = false;
};

bool allows_verifying(const element& value) {
    simdjson::dom::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) return false;
    for (const element& item : list) {
        std::string_view name;
        if (item.get_string().get(name) == simdjson::SUCCESS && name == "verify") return true;
    }
    return false;
}

bool take(std::string_view name, const element& value, Jwk& out) {
    const std::pair<std::string_view, std::string*> members[] = {
        {"kty", &out.kty}, {"kid", &out.id}, {"alg", &out.algorithm}, {"crv", &out.curve}, {"use", &out.use},
        {"n", &out.n},     {"e", &out.e},    {"x", &out.x},           {"y", &out.y},       {"k", &out.k}};
    for (const auto& [known, text] : members)
        if (known == name) return read_text(value, *text);
    if (name == "key_ops") out.may_verify = allows_verifying(value);
    if (name == "d") out.is_private = true;
    return true;
}

std::optional<Algorithm> algorithm_of(const Jwk& jwk) {
    std::optional<Algorithm> natural;
    if (jwk.kty == "RSA") natural = Algorithm::kRs256;
    if (jwk.kty == "EC" && jwk.curve == "P-256") natural = Algorithm::kEs256;
    if (jwk.kty == "oct") natural = Algorithm::kHs256;
    const bool is_other = !jwk.algorithm.empty() && (!natural || name_of(*natural) != jwk.algorithm);
    const bool may_verify = jwk.may_verify && (jwk.use.empty() || jwk.use == "sig");
    return is_other || !may_verify ? std::nullopt : natural;
}

std::string number_of(const std::string& text) {
    auto number = decode_base64url(text);
    if (!number || number->empty()) throw Failure(SH_INVALID, "a number of it is no base64url");
    return std::move(*number);
}

KeyPtr key_of(const Jwk& jwk, Algorithm algorithm) {
    if (jwk.is_private) throw Failure(SH_INVALID, "it is private: only its public members belong here");
    // Named by what it is when it has no name, so that it can be told apart when it goes.
    const auto id = [&jwk](const std::string& material) {
        return jwk.id.empty() ? "sha256-" + hex_of(digest_of(material), 8) : jwk.id;
    };
    switch (algorithm) {
    case Algorithm::kRs256: return Key::from_rsa(id(jwk.n + '/' + jwk.e), number_of(jwk.n), number_of(jwk.e));
    case Algorithm::kEs256:
        return Key::from_point(id(jwk.x + '/' + jwk.y), number_of(jwk.x), number_of(jwk.y));
    case Algorithm::kHs256: break;
    }
    if (jwk.id.empty()) throw Failure(SH_INVALID, "a secret needs a kid");
    return Key::from_secret(jwk.id, number_of(jwk.k));
}

void add_key(const element& value, std::size_t number, std::vector<KeyPtr>& out) {
    const std::string place = "key " + std::to_string(number) + " of the set";
    simdjson::dom::object object;
    Jwk jwk;
    if (value.get_object().get(object) != simdjson::SUCCESS ||
        !each_member(object,
                     [&](std::string_view name, const element& member) { return take(name, member, jwk); }))
        throw Failure(SH_INVALID, place + " is no JSON Web Key");
    const auto algorithm = algorithm_of(jwk);
    if (!algorithm) return;
    try {
        out.push_back(key_of(jwk, *algorithm));
    } catch (const Failure& failure) {
        throw Failure(SH_INVALID, place + ": " + failure.what());
    }
}

}  // namespace

std::vector<KeyPtr> read_jwks(std::string_view text) {
    std::vector<KeyPtr> keys;
    bool has_keys = false;
    const bool is_read = each_member(text, [&](std::string_view name, const element& value) {
        if (name != "keys") return true;
        simdjson::dom::array list;
        if (value.get_array().get(list) != simdjson::SUCCESS) return false;
        has_keys = true;
        std::size_t number = 0;
        for (const element& item : list)
            add_key(item, ++number, keys);
        return true;
    });
    if (!is_read || !has_keys) throw Failure(SH_INVALID, "this is no JSON Web Key Set: {\"keys\":[...]}");
    return keys;
}

}  // namespace auth
