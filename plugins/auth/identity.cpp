#include "identity.hpp"

#include "streamhost/json_object.hpp"

namespace auth {

IdentityPtr make_identity(const Claims& claims, const ClaimRules& rules, const std::string& key) {
    auto made = std::make_shared<Identity>();
    made->user = claims.user;
    made->id = claims.id;
    made->key = key;
    made->issued_ms = claims.issued_ms.value_or(0);
    made->expires_ms = end_of(claims, rules);
    const std::vector<std::string> grants = claims.grants.value_or(rules.default_grants);
    for (const std::string& grant : grants)
        made->grants.add(grant);
    made->body = streamhost::JsonObject()
                     .text("user", made->user)
                     .text("id", made->id)
                     .text("key", made->key)
                     .number("issued_ms", made->issued_ms)
                     .number("expires_ms", made->expires_ms)
                     .json("grants", streamhost::json_array(grants))
                     .text("claims", write_facts(claims))
                     .done();
    return made;
}

}  // namespace auth
