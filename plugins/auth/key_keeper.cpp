#include "key_keeper.hpp"

#include <utility>

#include "streamhost/status.hpp"

namespace auth {

using streamhost::Failure;

KeyKeeper::KeyKeeper(streamhost::Host& host, Authenticator& authenticator, const Telemetry& telemetry,
                     std::vector<KeyPtr> own)
    : host_(host), authenticator_(authenticator), telemetry_(telemetry), own_(std::move(own)) {}

void KeyKeeper::use(const KeyPlan& plan) {
    const KeyFiles::Look look = KeyFiles::look(plan, read_file);
    const std::lock_guard lock(mutex_);
    take(plan, look);
    plan_ = plan;
    files_.taken(look);
    tell("");
}

void KeyKeeper::take(const KeyPlan& plan, const KeyFiles::Look& look) {
    std::vector<KeyPtr> keys = KeyFiles::keys_of(plan, look);
    keys.insert(keys.end(), own_.begin(), own_.end());
    // Without any key nobody could come in: more likely a mistake than a wish.
    if (keys.empty())
        throw Failure(SH_INVALID, plan.jwks_file + ": no key in it signs with HS256, RS256 or ES256");
    auto ring = std::make_shared<const KeyRing>(keys, marks_);
    telemetry_.keys.set(static_cast<double>(ring->size()));
    authenticator_.use(std::move(ring));
}

void KeyKeeper::look() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;  // a slow disk: the look before this one is not over
    const KeyFiles::Look look = KeyFiles::look(plan_, read_file);
    if (!files_.has_changed(look)) return;
    files_.taken(look);
    try {
        take(plan_, look);
        tell("");
        host_.info("the key files changed and were taken",
                   {{"keys", std::to_string(authenticator_.keys()->size())}});
    } catch (const Failure& failure) {
        telemetry_.key_failures.add();
        tell(failure.what());
        host_.error("the key files changed and cannot be used; the former keys stay in force",
                    {{"why", failure.what()}});
    }
}

void KeyKeeper::tell(const std::string& trouble) {
    if (trouble == trouble_) return;
    trouble_ = trouble;
    host_.set_health("keys", trouble.empty() ? SH_HEALTH_OK : SH_HEALTH_DEGRADED,
                     trouble.empty() ? "" : "the former keys stay in force: " + trouble);
}

}  // namespace auth
