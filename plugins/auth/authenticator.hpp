// From a token to a verdict: the keys, the rules and the revocations that hold now, and what was found good
// by them. Free of I/O and of clocks; what holds is exchanged whole. [any]
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "identity.hpp"
#include "key_ring.hpp"
#include "revocation_list.hpp"
#include "token_cache.hpp"

namespace auth {

struct Outcome {
    Verdict verdict = Verdict::kMalformed;
    IdentityPtr identity;  // with kOk and kCached
    std::size_t unknown_grants = 0;
    bool outlives_revocation = false;  // valid for longer than a revocation would be remembered
};

struct AuthenticatorOptions {
    std::size_t cache_entries = 10'000;
    std::uint64_t first_revision = 1;  // risen from those of earlier instances
};

class Authenticator {
public:
    explicit Authenticator(AuthenticatorOptions options);

    void use(std::shared_ptr<const KeyRing> keys);
    // keep_ms: for how long a revocation is remembered.
    void use(const ClaimRules& rules, std::int64_t keep_ms);
    void use(std::shared_ptr<const RevocationList> revocations, RevocationList::Change change);

    // Good and known to be, or nothing.
    [[nodiscard]] IdentityPtr recall(const Digest& token, std::int64_t now_ms);
    // Some ten microseconds of arithmetic for what may be anything. [worker]
    [[nodiscard]] Outcome look_at(std::string_view text, const Digest& token, std::int64_t now_ms);

    [[nodiscard]] std::uint64_t revision() const noexcept { return revision_.load(); }
    [[nodiscard]] bool has_ended(std::string_view user, std::string_view token_id, std::string_view key,
                                 std::int64_t issued_ms) const;
    // Whether an identity with these claims (write_facts) would be let in by the rules that hold now.
    [[nodiscard]] bool still_holds(std::string_view facts, std::string_view user, std::int64_t issued_ms,
                                   std::int64_t now_ms) const;
    [[nodiscard]] std::shared_ptr<const KeyRing> keys() const { return terms()->keys; }
    [[nodiscard]] std::shared_ptr<const RevocationList> revocations() const { return terms()->revocations; }
    [[nodiscard]] ClaimRules rules() const { return terms()->rules; }
    [[nodiscard]] std::int64_t keep_ms() const { return terms()->keep_ms; }
    [[nodiscard]] std::size_t cached() const { return cache_.size(); }

private:
    struct Terms {
        std::shared_ptr<const KeyRing> keys;
        std::shared_ptr<const RevocationList> revocations;
        ClaimRules rules;
        std::int64_t keep_ms = 0;
    };
    [[nodiscard]] std::shared_ptr<const Terms> terms() const;
    template <typename Body>
    void change(Body&& body);
    [[nodiscard]] static Outcome judge_text(std::string_view text, const Terms& terms, std::int64_t now_ms);

    TokenCache cache_;
    std::atomic<std::uint64_t> revision_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Terms> terms_;  // guarded by mutex_
};

}  // namespace auth
