// Glue: the table of svc/chat.h and the life cycle on one side, Runs on the store loop on the other.
#include "chat_plugin.hpp"

#include "streamhost/ids.hpp"

#include "ids.hpp"
#include "schema.hpp"
#include "texts.hpp"

namespace chat {

using streamhost::Failure;
using streamhost::view;

const sh_chat Chat::kTable = {sizeof(sh_chat), 0, &Chat::send, &Chat::cancel, &Chat::active};

void Chat::configure(const streamhost::Config& config) { settings_ = read_settings(config, host()); }

void Chat::start() {
    const auto* store = host().require<sh_store_ext>(SH_EXT_STORE);
    runs_ = std::make_unique<Runs>(host(), settings_,
                                   Cache(host(), host().acquire<sh_streamcache>(SH_SVC_STREAMCACHE)),
                                   OpenRuns(host(), store));
    host().provide(SH_SVC_CHAT, &kTable, this);
    for (const auto& [period_ms, work] :
         {std::pair{kTickMs, &Runs::tick}, {kRefreshTickMs, &Runs::refresh}}) {
        if (const sh_status status =
                host().every(SH_ON_STORE, period_ms, [this, what = work] { (runs_.get()->*what)(); });
            status != SH_OK)
            throw Failure(status, "no timer for open runs");
    }
    host().debug("chat is ready", {{"provider", settings_.provider}});
}

streamhost::DrainReport Chat::drain(std::uint32_t deadline_ms) {
    const bool is_last_moment = deadline_ms <= settings_.stop_margin_ms;
    const auto wind_down = [this, is_last_moment] {
        runs_->refuse();
        if (is_last_moment) runs_->end_all();
    };
    if (!told_ || (is_last_moment && !told_to_end_)) {
        // A queue that is full now is asked again at the next call.
        told_ = host().post(SH_ON_STORE, wind_down) == SH_OK;
        told_to_end_ = told_ && is_last_moment;
    }
    const std::uint32_t left = runs_->left();
    return {left, left == 0 ? "" : std::to_string(left) + " answers are being produced"};
}

std::string Chat::choose_provider(const std::string& options) const {
    const std::string wanted = wanted_provider(options);
    if (wanted.empty()) return settings_.provider;
    if (!settings_.providers.contains(wanted))
        throw Failure(SH_INVALID, "options.provider: there is no provider of that name");
    return wanted;
}

void Chat::send(void* self, const sh_chat_send* send, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        if (!streamhost::is_session_id(view(send->session)))
            throw Failure(SH_INVALID, "a session id is 1 to 64 of [A-Za-z0-9_-]");
        if (send->key.size > 128) throw Failure(SH_INVALID, "a key has at most 128 bytes");
        auto message = std::make_shared<Message>();
        message->session = view(send->session);
        message->user = view(send->user);
        message->key = view(send->key);
        message->job.content = check_content(view(send->content));
        message->job.options = check_options(view(send->options));
        message->job.provider = plugin.choose_provider(message->job.options);
        plugin.host().on_store(ticket, [&plugin, message, ticket] { plugin.runs_->send(message, ticket); });
    });
}

// Who may cancel was decided where the user is known; `user` is for the operator's log.
void Chat::cancel(void* self, sh_bytes run, sh_bytes user, sh_bytes reason, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        if (!streamhost::is_run_id(view(run))) throw Failure(SH_NOT_FOUND, "no such run");
        plugin.host().debug("cancel", {{"run", view(run)}, {"user", view(user)}});
        plugin.host().on_store(ticket, [&plugin, id = std::string(view(run)), why = std::string(view(reason)),
                                        ticket] { plugin.runs_->cancel(id, why, ticket); });
    });
}

std::uint64_t Chat::active(void* self) noexcept { return of(self).runs_->active(); }

namespace {

constexpr const char* kProvides[] = {SH_SVC_CHAT, nullptr};
constexpr const char* kNeeds[] = {SH_SVC_STREAMCACHE, nullptr};

}  // namespace
}  // namespace chat

STREAMHOST_PLUGIN(chat::Chat, {.name = "chat",
                               .version = "1.0.0",
                               .summary = "Messages and the runs that answer them",
                               .provides = chat::kProvides,
                               .needs = chat::kNeeds,
                               .schema = chat::kSchema})
