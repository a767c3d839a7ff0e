// Glue: the table of svc/auth.h, the life cycle and the route of development tokens on one side,
// Authenticator, KeyKeeper and RevocationSync on the other.
#include "auth_plugin.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "streamhost/json_object.hpp"
#include "streamhost/local_host.hpp"

#include "dev_tokens.hpp"
#include "schema.hpp"

namespace auth {

using streamhost::bytes;
using streamhost::Failure;
using streamhost::Host;
using streamhost::HttpRequest;
using streamhost::HttpResponse;
using streamhost::view;

namespace {

constexpr std::uint32_t kLookMs = 1'000;
constexpr std::uint64_t kMaxBody = 4'096;

}  // namespace

const sh_auth AuthPlugin::kTable = {sizeof(sh_auth),           0,
                                    &AuthPlugin::authenticate, &AuthPlugin::revision,
                                    &AuthPlugin::has_ended,    &AuthPlugin::permits};
const sh_topic_events AuthPlugin::kTopicEvents = {sizeof(sh_topic_events), 0, &AuthPlugin::on_topic};

// ---------------------------------------------------------------------------------------------- life cycle

void AuthPlugin::configure(const streamhost::Config& config) {
    const Settings settings = read_settings(config);
    fixed_ = settings.fixed;
    telemetry_ = std::make_unique<Telemetry>(host());
    // An instance that follows another goes on above its revisions.
    authenticator_ = std::make_unique<Authenticator>(
        AuthenticatorOptions{fixed_.cache_entries, static_cast<std::uint64_t>(host().wall_ms())});
    dev_key_ = kDevelopmentKey;
    keys_ = std::make_unique<KeyKeeper>(host(), *authenticator_, *telemetry_, own_keys());
    apply(settings);
}

// A secret of this process has a name of this process: another one never passes for it.
std::vector<KeyPtr> AuthPlugin::own_keys() {
    if (!fixed_.has_dev_tokens || !fixed_.dev_secret_file.empty()) return {};
    dev_key_ += '-' + hex_of(digest_of(random_secret()), 4);
    return {Key::from_secret(dev_key_, random_secret())};
}

void AuthPlugin::apply(const Settings& settings) {
    keys_->use(settings.keys);
    authenticator_->use(settings.rules, settings.keep_ms);
    is_revocation_required_.store(settings.is_revocation_required);
}

void AuthPlugin::reconfigure(const streamhost::Config& config) {
    const Settings settings = read_settings(config);
    if (!(settings.fixed == fixed_))
        throw Failure(SH_NEEDS_RESTART, "auth takes dev_tokens, cache_entries and queue when it starts");
    apply(settings);
}

void AuthPlugin::start() {
    sync_ = std::make_unique<RevocationSync>(host(), *authenticator_, *telemetry_,
                                             host().acquire<sh_pubsub>(SH_SVC_PUBSUB),
                                             host().expose(&kTopicEvents, this).get());
    host().provide(SH_SVC_AUTH, &kTable, this);
    admin_.add(host(), *sync_, *authenticator_);
    if (fixed_.has_dev_tokens) open_dev_tokens();
    listen_to_store();
    const auto look = [this] {
        keys_->look();
        telemetry_->cached.set(static_cast<double>(authenticator_->cached()));
    };
    const auto beat = [this] { sync_->beat(); };
    if (host().every(SH_ON_SHORT, kLookMs, look) != SH_OK ||
        host().every(SH_ON_STORE, kLookMs, beat) != SH_OK || host().post(SH_ON_STORE, beat) != SH_OK)
        throw Failure(SH_BUSY, "no timer for keys and revocations");
}

// Nobody is let in before the list was read: when the store is there it is read, not up to a second later.
void AuthPlugin::listen_to_store() {
    const auto* store = host().require<sh_store_ext>(SH_EXT_STORE);
    const auto link = [](void* self, std::uint8_t up, std::uint64_t /*epoch*/) noexcept {
        if (up != 0) of(self).host().guarded(0, [self] { of(self).sync_->heard(); });
    };
    const sh_store_events events = {sizeof(events), 0, this, nullptr, nullptr, link};
    if (const sh_status status = store->set_events(host().raw(), &events); status != SH_OK)
        throw Failure(status, "the store refused its event handler");
}

// The instance that follows reads the list from the store: what did not get there it does not know.
streamhost::DrainReport AuthPlugin::drain(std::uint32_t /*deadline_ms*/) {
    if (!sync_->owes_store()) return {};
    return {1, "a change of the revocations did not reach the store"};
}

// ------------------------------------------------------------------------------------------------- service

void AuthPlugin::authenticate(void* self, sh_bytes token, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] { of(self).ask(view(token), ticket); });
}

std::optional<Outcome> AuthPlugin::know(std::string_view token, Digest& digest) {
    if (is_revocation_required_.load() && !sync_->is_known())
        return Outcome{.verdict = Verdict::kUnavailable};
    if (token.size() > kMaxTokenBytes) return Outcome{.verdict = Verdict::kMalformed};
    digest = digest_of(token);
    auto identity = authenticator_->recall(digest, host().wall_ms());
    if (identity == nullptr) return std::nullopt;
    return Outcome{.verdict = Verdict::kCached, .identity = std::move(identity)};
}

void AuthPlugin::ask(std::string_view token, sh_ticket ticket) {
    Digest digest{};
    if (const auto known = know(token, digest)) return answer(*known, ticket);
    const Outcome busy{.verdict = Verdict::kBusy};
    if (waiting_.fetch_add(1) >= fixed_.queue) {
        waiting_.fetch_sub(1);
        return answer(busy, ticket);
    }
    auto look = [this, text = std::string(token), digest, ticket] {
        waiting_.fetch_sub(1);
        host().guarded(ticket,
                       [&] { answer(authenticator_->look_at(text, digest, host().wall_ms()), ticket); });
    };
    if (host().post(SH_ON_SHORT, std::move(look)) == SH_OK) return;
    waiting_.fetch_sub(1);
    answer(busy, ticket);
}

void AuthPlugin::answer(const Outcome& outcome, sh_ticket ticket) {
    telemetry_->count(outcome.verdict);
    if (outcome.unknown_grants > 0)
        telemetry_->unknown_grants.add(static_cast<double>(outcome.unknown_grants));
    if (outcome.outlives_revocation) telemetry_->outliving.add();
    if (is_good(outcome.verdict)) {
        const auto body = host().make_buffer(outcome.identity->body);
        sh_result result = Host::make_result(SH_OK);
        result.body = body.get();
        return host().complete(ticket, result);
    }
    const sh_status status = outcome.verdict == Verdict::kUnavailable ? SH_UNAVAILABLE
                             : outcome.verdict == Verdict::kBusy      ? SH_BUSY
                                                                      : SH_UNAUTHENTICATED;
    host().complete(ticket, status, sentence_of(outcome.verdict));
}

std::uint64_t AuthPlugin::revision(void* self) noexcept { return of(self).authenticator_->revision(); }

// What cannot be told has ended: whoever is meant comes again with the token.
std::uint8_t AuthPlugin::has_ended(void* self, const sh_auth_mark* mark) noexcept {
    bool ended = true;
    of(self).host().guarded(0, [&] {
        const Authenticator& authenticator = *of(self).authenticator_;
        const bool has_claims = mark->struct_size > offsetof(sh_auth_mark, claims) && mark->claims.size > 0;
        ended = authenticator.has_ended(view(mark->user), view(mark->id), view(mark->key), mark->issued_ms) ||
                (has_claims && !authenticator.still_holds(view(mark->claims), view(mark->user),
                                                          mark->issued_ms, of(self).host().wall_ms()));
    });
    return ended ? 1 : 0;
}

void AuthPlugin::permits(void* self, sh_bytes token, std::uint32_t verb, sh_bytes home,
                         sh_permit* out) noexcept {
    out->status = SH_UNAVAILABLE;
    of(self).host().guarded(0, [&] { of(self).judge(view(token), verb, view(home), *out); });
}

void AuthPlugin::judge(std::string_view token, std::uint32_t verb, std::string_view home, sh_permit& out) {
    Digest digest{};
    const auto known = know(token, digest);
    const Outcome outcome = known ? *known : authenticator_->look_at(token, digest, host().wall_ms());
    telemetry_->count(outcome.verdict);
    streamhost::copy_text(out.detail, sentence_of(outcome.verdict));
    if (!is_good(outcome.verdict)) {
        out.status = outcome.verdict == Verdict::kUnavailable ? SH_UNAVAILABLE : SH_UNAUTHENTICATED;
        return;
    }
    streamhost::copy_text(out.user, outcome.identity->user);
    const bool may = outcome.identity->grants.allows(static_cast<streamhost::Verb>(verb), home);
    out.status = may ? SH_OK : SH_FORBIDDEN;
}

void AuthPlugin::on_topic(void* self, sh_bytes /*topic*/, sh_bytes payload) noexcept {
    of(self).host().guarded(0, [&] {
        if (view(payload) != of(self).host().node_id()) of(self).sync_->heard();
    });
}

// -------------------------------------------------------------------------------------- development tokens

void AuthPlugin::open_dev_tokens() {
    constexpr std::string_view kWarning =
        "development tokens are on: POST /v1/dev-token lets anybody be anybody; switch "
        "plugins.auth.dev_tokens.enabled off wherever others reach this node";
    host().warn(kWarning);
    host().set_health("dev_tokens", SH_HEALTH_OK, kWarning);
    telemetry_->dev_tokens.set(1);
    sh_http_route route{};
    route.listeners = SH_LISTENER_PUBLIC;
    route.method = "POST";
    route.path = "/v1/dev-token";
    route.max_body_bytes = kMaxBody;
    routes_.add(host(), route, [this](const HttpRequest& request) { return give_dev_token(request); });
}

HttpResponse AuthPlugin::give_dev_token(const HttpRequest& request) {
    // What the client asked for, and what a proxy made of it.
    for (const char* field : {"host", ":authority"}) {
        const std::string_view name = request.header(field);
        if (!name.empty() && !streamhost::is_local_host(name))
            throw Failure(SH_FORBIDDEN,
                          "development tokens are given to who asks localhost or a loopback address");
    }
    const DevRequest wanted = read_dev_request(request.body());
    const auto keys = authenticator_->keys();
    const MarkedKey* key = keys->find(dev_key_);
    if (key == nullptr) throw Failure(SH_UNAVAILABLE, "the key of development tokens is not there now");
    const std::string id = hex_of(digest_of(random_secret()), 8);
    const DevToken token = make_dev_token(wanted, authenticator_->rules(), *key->key, id, host().wall_ms());
    telemetry_->dev_tokens_given.add();
    return HttpResponse::json(200, streamhost::JsonObject()
                                       .text("token", token.text)
                                       .number("expires_ms", token.expires_ms)
                                       .done())
        .uncached();
}

namespace {

constexpr const char* kProvides[] = {SH_SVC_AUTH, nullptr};
constexpr const char* kUses[] = {SH_SVC_PUBSUB, nullptr};

}  // namespace
}  // namespace auth

STREAMHOST_PLUGIN(auth::AuthPlugin, {.name = "auth",
                                     .version = "1.0.0",
                                     .summary = "Who somebody is, by a signed token",
                                     .provides = auth::kProvides,
                                     .uses = auth::kUses,
                                     .schema = auth::kSchema,
                                     // The admin listener asks it whose token it is.
                                     .flags = SH_PLUGIN_STOPS_LAST})
