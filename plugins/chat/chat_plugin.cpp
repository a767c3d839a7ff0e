// Glue: the table of svc/chat.h and the life cycle on one side, Runs on the store loop on the other.
#include "chat_plugin.hpp"

#include <cstddef>

#include "streamhost/ids.hpp"

#include "ids.hpp"
#include "schema.hpp"
#include "texts.hpp"

namespace chat {

using streamhost::Failure;
using streamhost::view;

const sh_chat Chat::kTable = {sizeof(sh_chat), 0, &Chat::send, streamhost::answered<&Chat::cancel>(),
                              &Chat::active};

const sh_store_events Chat::kEvents = {sizeof(sh_store_events), 0, nullptr, nullptr, &Chat::on_topic,
                                       &Chat::on_link};

void Chat::configure(const streamhost::Config& config) { settings_ = read_settings(config, host()); }

void Chat::start() {
    const streamhost::Store store(host());
    const QueuePort queue(host(), store);
    runs_ = std::make_unique<Runs>(host(), settings_,
                                   Cache(host(), host().acquire<sh_streamcache>(SH_SVC_STREAMCACHE)),
                                   OpenRuns(store), queue);
    listen_to_store(store);
    host().provide(SH_SVC_CHAT, &kTable, this);
    every(kTickMs, [this] { runs_->tick(); });
    every(kRefreshTickMs, [this] { runs_->refresh(); });
    every(kQueueTickMs, [this] { runs_->tick_queue(); });
    if (settings_.worker.enabled) start_worker(queue);
    host().debug("chat is ready", {{"provider", settings_.provider}});
}

void Chat::listen_to_store(const streamhost::Store& store) {
    sh_store_events events = kEvents;
    events.self = this;
    if (const sh_status status = store->set_events(host().raw(), &events); status != SH_OK)
        throw Failure(status, "the store tells no events");
}

void Chat::start_worker(const QueuePort& queue) {
    worker_ = std::make_unique<Worker>(host(), queue, settings_.worker, *runs_);
    every(kTickMs, [this] { worker_->tick(); });
    host().info("this node works for a queue",
                {{"queue", settings_.worker.queue}, {"provider", settings_.worker.provider}});
}

void Chat::every(std::uint32_t period_ms, streamhost::Host::Task work) {
    if (const sh_status status = host().every(SH_ON_STORE, period_ms, std::move(work)); status != SH_OK)
        throw Failure(status, "no timer for open runs");
}

void Chat::on_topic(void* self, sh_bytes /*pattern*/, sh_bytes topic, sh_bytes payload) noexcept {
    if (view(topic) != kControlTopic) return;
    (void)streamhost::guard(nullptr, [&] { of(self).runs_->hear_cancelled(cancelled_run(view(payload))); });
}

void Chat::on_link(void* self, std::uint8_t up, std::uint64_t epoch) noexcept {
    (void)streamhost::guard(nullptr, [&] { of(self).runs_->hear_link(up != 0, epoch); });
}

streamhost::DrainReport Chat::drain(std::uint32_t deadline_ms) {
    const bool is_last_moment = deadline_ms <= settings_.stop_margin_ms;
    const auto wind_down = [this, is_last_moment] {
        runs_->refuse();
        // Where nobody else can take what was accepted, this node does as long as it is here.
        if (worker_ && (is_last_moment || !runs_->is_last())) worker_->refuse();
        if (is_last_moment) runs_->end_all();
    };
    if (!told_ || (is_last_moment && !told_to_end_)) {
        // A queue that is full now is asked again at the next call.
        told_ = host().post(SH_ON_STORE, wind_down) == SH_OK;
        told_to_end_ = told_ && is_last_moment;
    }
    const std::uint32_t left = runs_->left() + (worker_ && worker_->winds_down() ? 1 : 0);
    return {left, left == 0 ? "" : std::to_string(left) + " answers are being produced"};
}

std::string Chat::choose_provider(const std::string& options) const {
    const std::string wanted = wanted_provider(options);
    if (wanted.empty()) return settings_.provider;
    if (!settings_.has_provider(wanted))
        throw Failure(SH_INVALID, "options.provider: there is no provider of that name");
    return wanted;
}

void Chat::send(void* self, const sh_chat_send* send, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        if (!streamhost::is_session_id(view(send->session)))
            throw Failure(SH_INVALID, "a session id is 1 to 64 of [A-Za-z0-9_-]");
        if (send->key.size > streamhost::kMaxIdBytes)
            throw Failure(SH_INVALID, "a key has at most 128 bytes");
        auto message = std::make_shared<Message>();
        message->session = view(send->session);
        message->user = view(send->user);
        message->key = view(send->key);
        message->job.content = check_content(view(send->content));
        message->job.options = check_options(view(send->options));
        message->job.provider = plugin.choose_provider(message->job.options);
        const auto remote = plugin.settings_.remotes.find(message->job.provider);
        const bool says_trace = send->struct_size > offsetof(sh_chat_send, trace) && send->trace != nullptr;
        if (says_trace) message->job.trace = streamhost::TraceContext::copy(*send->trace);
        if (remote != plugin.settings_.remotes.end()) message->job.remote = remote->second;
        plugin.host().on_store(ticket, [&plugin, message, ticket] { plugin.runs_->send(message, ticket); });
    });
}

// Who may cancel was decided where the user is known; `user` is for the operator's log.
void Chat::cancel(const std::string& run, const std::string& user, const std::string& reason,
                  sh_ticket ticket) {
    if (!streamhost::is_run_id(run)) throw Failure(SH_NOT_FOUND, "no such run");
    host().debug("cancel", {{"run", run}, {"user", user}});
    runs_->cancel(run, reason, ticket);
}

std::uint64_t Chat::active(void* self) noexcept { return of(self).runs_->active(); }

namespace {

constexpr const char* kProvides[] = {SH_SVC_CHAT, nullptr};
constexpr const char* kNeeds[] = {SH_SVC_STREAMCACHE, nullptr};
constexpr const char* kUses[] = {SH_SVC_TRACING, nullptr};

}  // namespace
}  // namespace chat

STREAMHOST_PLUGIN(chat::Chat, {.name = "chat",
                               .version = "1.0.0",
                               .summary = "Messages and the runs that answer them",
                               .provides = chat::kProvides,
                               .needs = chat::kNeeds,
                               .uses = chat::kUses,
                               .schema = chat::kSchema})
