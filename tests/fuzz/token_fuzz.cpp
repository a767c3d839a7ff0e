// A token is anybody's: whatever comes is read or refused without harm, limits hold, nothing but a key's own
// signature makes it good, and what is good can be told.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "streamhost/status.hpp"

#include "authenticator.hpp"
#include "base64url.hpp"
#include "check.hpp"
#include "claims.hpp"
#include "json_members.hpp"
#include "jwks.hpp"
#include "revocation_list.hpp"
#include "token.hpp"

namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;

// Well below what could be forged by chance: no input of the fuzzer may be good.
auth::Authenticator& authenticator() {
    static auth::Authenticator one({16, 1});
    static const bool is_ready = [] {
        auth::KeyMarks marks;
        one.use(std::make_shared<const auth::KeyRing>(
            std::vector<auth::KeyPtr>{auth::Key::from_secret("k", "a secret of 32 bytes, or of more")},
            marks));
        one.use(auth::ClaimRules(), 1'000);
        return true;
    }();
    (void)is_ready;
    return one;
}

void look_at_token(std::string_view text) {
    auth::Token token;
    const auth::Verdict verdict = auth::read_token(text, token);
    FUZZ_CHECK(verdict == auth::Verdict::kOk || verdict == auth::Verdict::kMalformed ||
               verdict == auth::Verdict::kAlgorithm);
    if (verdict == auth::Verdict::kOk) {
        FUZZ_CHECK(text.size() <= auth::kMaxTokenBytes);
        FUZZ_CHECK(!token.key_id || token.key_id->size() <= auth::kMaxKeyIdBytes);
    }
    const auth::Outcome outcome = authenticator().look_at(text, auth::digest_of(text), kNowMs);
    FUZZ_CHECK(outcome.verdict != auth::Verdict::kOk && outcome.identity == nullptr);
    FUZZ_CHECK(verdict == auth::Verdict::kOk || outcome.verdict == verdict);
}

void look_at_claims(std::string_view text) {
    auth::Claims claims;
    if (auth::read_claims(text, "grants", claims) != auth::Verdict::kOk) return;
    FUZZ_CHECK(claims.id.size() <= auth::kMaxTokenIdBytes);
    for (const auto& date : {claims.expires_ms, claims.not_before_ms, claims.issued_ms})
        FUZZ_CHECK(!date || (*date >= 0 && *date <= auth::kMaxDateMs));
    const auth::ClaimRules rules;
    if (auth::judge(claims, rules, kNowMs) != auth::Verdict::kOk) return;
    FUZZ_CHECK(auth::is_user(claims.user) && auth::end_of(claims, rules) > kNowMs);
    const auth::IdentityPtr identity = auth::make_identity(claims, rules, "k");
    FUZZ_CHECK(auth::each_member(identity->body, [](auto&&, auto&&) { return true; }));
}

void look_at_files(std::string_view text) {
    try {
        FUZZ_CHECK(auth::read_jwks(text).size() <= text.size());
    } catch (const streamhost::Failure& failure) {
        FUZZ_CHECK(failure.status() == SH_INVALID);
    }
    const auto list = auth::RevocationList::read(text);
    if (!list) return;
    const auto again = auth::RevocationList::read(list->write());
    FUZZ_CHECK(again && *again == *list);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    look_at_token(text);
    look_at_claims(text);
    look_at_files(text);
    return 0;
}
