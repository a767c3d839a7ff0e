#include "authenticator.hpp"

#include <utility>

namespace auth {

Authenticator::Authenticator(AuthenticatorOptions options)
    : cache_(options.cache_entries), revision_(options.first_revision) {
    Terms none;
    none.keys = std::make_shared<const KeyRing>();
    none.revocations = std::make_shared<const RevocationList>();
    terms_ = std::make_shared<const Terms>(std::move(none));
}

std::shared_ptr<const Authenticator::Terms> Authenticator::terms() const {
    const std::lock_guard lock(mutex_);
    return terms_;
}

// body(next) answers whether identities may have ended by it. The revision rises after the terms hold: who
// sees the new one is answered by them.
template <typename Body>
void Authenticator::change(Body&& body) {
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<Terms>(*terms_);
    const bool is_stricter = body(*next);
    terms_ = std::move(next);
    if (is_stricter) revision_.fetch_add(1);
}

void Authenticator::use(std::shared_ptr<const KeyRing> keys) {
    change([&](Terms& next) {
        const bool is_stricter = next.keys->loses_to(*keys);
        next.keys = std::move(keys);
        return is_stricter;
    });
}

void Authenticator::use(const ClaimRules& rules, std::int64_t keep_ms) {
    change([&](Terms& next) {
        next.rules = rules;
        next.keep_ms = keep_ms;
        return true;  // what is cached was good by other rules
    });
}

void Authenticator::use(std::shared_ptr<const RevocationList> revocations, RevocationList::Change change_of) {
    change([&](Terms& next) {
        next.revocations = std::move(revocations);
        return change_of == RevocationList::Change::kStricter;
    });
}

IdentityPtr Authenticator::recall(const Digest& token, std::int64_t now_ms) {
    return cache_.find(token, revision(), now_ms);
}

Outcome Authenticator::judge_text(std::string_view text, const Terms& terms, std::int64_t now_ms) {
    Outcome outcome;
    Token token;
    outcome.verdict = read_token(text, token);
    if (outcome.verdict != Verdict::kOk) return outcome;
    const MarkedKey* key = terms.keys->find(token, outcome.verdict);
    if (key == nullptr) return outcome;
    outcome.verdict = Verdict::kSignature;
    if (!key->key->verifies(token, text)) return outcome;
    // Only now anything of the content counts.
    Claims claims;
    outcome.verdict = read_claims(token.payload, terms.rules.grants_claim, claims);
    if (outcome.verdict == Verdict::kOk) outcome.verdict = judge(claims, terms.rules, now_ms);
    if (outcome.verdict != Verdict::kOk) return outcome;
    outcome.verdict = Verdict::kRevoked;
    if (terms.revocations->covers(claims.user, claims.id, claims.issued_ms.value_or(0))) return outcome;
    outcome.verdict = Verdict::kOk;
    outcome.identity = make_identity(claims, terms.rules, key->mark);
    outcome.unknown_grants = claims.unknown_grants;
    const std::int64_t end_ms = outcome.identity->expires_ms;
    outcome.outlives_revocation = end_ms == 0 || end_ms > now_ms + terms.keep_ms;
    return outcome;
}

Outcome Authenticator::look_at(std::string_view text, const Digest& token, std::int64_t now_ms) {
    const std::uint64_t before = revision();
    Outcome outcome = judge_text(text, *terms(), now_ms);
    if (!is_good(outcome.verdict)) return outcome;
    const Identity& found = *outcome.identity;
    // What was revoked while we looked must not be answered as good: the asker may have heard of it already.
    if (revision() != before && has_ended(found.user, found.id, found.key, found.issued_ms))
        return {Verdict::kRevoked, nullptr, 0, false};
    cache_.put(token, outcome.identity, before);
    return outcome;
}

bool Authenticator::has_ended(std::string_view user, std::string_view token_id, std::string_view key,
                              std::int64_t issued_ms) const {
    const auto now = terms();
    return (!key.empty() && !now->keys->has_mark(key)) || now->revocations->covers(user, token_id, issued_ms);
}

bool Authenticator::still_holds(std::string_view facts, std::string_view user, std::int64_t issued_ms,
                                std::int64_t now_ms) const {
    Claims claims;
    if (read_claims(facts, "", claims) != Verdict::kOk) return false;
    claims.user = user;
    if (issued_ms != 0) claims.issued_ms = issued_ms;
    return judge(claims, rules(), now_ms) == Verdict::kOk;
}

}  // namespace auth
