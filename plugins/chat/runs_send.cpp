// From a message to a pending run: first the list of open runs, so that nothing that is stored can be
// forgotten, then message, run and job in one step of the store.
#include "streamhost/random.hpp"

#include "ids.hpp"
#include "run.hpp"

namespace chat {

using streamhost::bytes;
using streamhost::is_transient;
using streamhost::random_id;

namespace {

constexpr const char* kOfThisNode =
    "this session is kept by one node (store.policies has memory for it), and its answers come from workers";
constexpr std::int64_t kSendPatienceMs = 3'000;  // a store that fails over is back by then
constexpr std::int64_t kUnsureMs = 300'000;      // an outage that a client waits for is over by then
constexpr std::size_t kUnsureMost = 1'000;       // some 300 bytes each
// Of a message that comes while the node goes down. Its clients are sent away over half a minute or more; one
// that asks more often would have used up its patience by then.
constexpr std::int64_t kLeavingRetryMs = 10'000;
// A new master may refuse what is written until it has a replica.
constexpr std::uint32_t kListAgainMs = 1'000;
constexpr std::uint32_t kTriesToList = 30;

sh_result going_down() {
    sh_result result = streamhost::Host::make_result(SH_UNAVAILABLE);
    streamhost::copy_text(result.detail,
                          "this node is going down; nothing was started, send again after the reconnect");
    result.wait_ms = kLeavingRetryMs;
    return result;
}

}  // namespace

// Whose a message is, and under which key.
std::string Runs::place_of(const Sending& sending) {
    const Message& message = *sending.message;
    return message.session + '/' + message.key + '/' + message.user;
}

// An answer that starts on a node that goes down might be cut short. One that workers make is not, as long as
// its queue stays: then a client is served until it is sent away itself.
bool Runs::may_answer(const Message& message) const {
    if (refuses_) return false;
    return !is_node_ending() || (message.job.remote && !queue_.dies_with_us());
}

void Runs::send(const std::shared_ptr<const Message>& message, sh_ticket ticket) {
    if (!may_answer(*message)) return host_.complete(ticket, going_down());
    if (sending_.size() + pending_.size() + admitted_ + waiting_.size() >= settings_.max_pending) {
        telemetry_.refused();
        return host_.complete(ticket, SH_BUSY, "too many answers are waiting on this node");
    }
    if (message->job.remote && !queue_.reaches_workers(message->session))
        return host_.complete(ticket, SH_INVALID, kOfThisNode);
    const auto sending = put_together(message);
    sending->ticket = ticket;
    sending->since_ms = host_.monotonic_ms();
    sending_.emplace(sending->run, sending);
    count();
    open(sending);
}

std::shared_ptr<Runs::Sending> Runs::put_together(const std::shared_ptr<const Message>& message) {
    auto sending = std::make_shared<Sending>();
    const Content& content = message->job.content;
    sending->message = message;
    sending->hash = sha256_hex(content.json);
    const Unsure before = take_unsure(*sending);
    sending->id = before.id.empty() ? random_id() : before.id;
    sending->run = before.run.empty() ? run_id(message->session) : before.run;
    sending->message_data = user_message(sending->id, content, sending->run, host_.wall_ms());
    const auto& trace = message->job.trace;
    sending->run_data = run_pending(sending->run, trace ? &*trace : nullptr);
    sending->job = job_text(message->job);
    // A repeat of ours after a lost answer has to be recognised too.
    sending->key = message->key.empty() ? random_id() + random_id() : message->key;
    sending->answer = accepted(sending->id, sending->run);
    return sending;
}

// The store may have it, with a run that nobody produces. Sent again under its key it is the same run, and
// starts.
void Runs::keep_unsure(const Sending& sending) {
    const std::int64_t now_ms = host_.monotonic_ms();
    std::erase_if(unsure_, [&](const auto& entry) { return now_ms - entry.second.since_ms > kUnsureMs; });
    if (!sending.message->key.empty() && unsure_.size() < kUnsureMost)
        unsure_[place_of(sending)] = {sending.hash, sending.id, sending.run, now_ms};
}

Runs::Unsure Runs::take_unsure(const Sending& sending) {
    const auto found = unsure_.find(place_of(sending));
    if (found == unsure_.end()) return {};
    Unsure before = std::move(unsure_.extract(found).mapped());
    return before.hash == sending.hash ? before : Unsure{};
}

void Runs::open(const std::shared_ptr<Sending>& sending) {
    open_.put(sending->run, kDueMs, [this, sending](const sh_result& result) {
        if (result.status != SH_OK) return refuse_send(sending, result);
        store(sending);
    });
}

void Runs::store(const std::shared_ptr<Sending>& sending) {
    const sh_send request{sizeof(request),
                          0,
                          bytes(sending->message->session),
                          bytes(sending->message->user),
                          bytes(sending->key),
                          bytes(sending->hash),
                          bytes(sending->run),
                          bytes(sending->message_data),
                          bytes(sending->run_data),
                          bytes(sending->job),
                          bytes(sending->answer)};
    cache_.send(request, [this, sending](const sh_result& result) { stored(sending, result); });
}

void Runs::refuse_send(const std::shared_ptr<Sending>& sending, const sh_result& result) {
    const bool patient = host_.monotonic_ms() - sending->since_ms < kSendPatienceMs && !refuses_;
    if (is_transient(result.status) && patient)
        return later(back_off_ms(sending->attempts++, 50, 800), [this, sending] { open(sending); });
    sending_.erase(sending->run);
    // Whether it was stored is not known after a transient error: then the list of open runs finds out,
    // unless the message comes again first.
    if (is_transient(result.status)) {
        keep_unsure(*sending);
        sent_.add(sending->run, host_.monotonic_ms());
        list_open(sending->run, kTriesToList);
    } else {
        open_.remove(sending->run, [](const sh_result&) {});
    }
    host_.complete(sending->ticket, result);
    count();
}

void Runs::hear_link(bool up, std::uint64_t epoch) {
    for (const std::string& run : sent_.link(up, epoch, host_.monotonic_ms()))
        list_open(run, kTriesToList);
}

// Looked at when it is due: by then all that it was told again stands there, or nothing does.
void Runs::list_open(const std::string& run, std::uint32_t tries) {
    open_.put(run, kDueMs, [this, run, tries](const sh_result& result) {
        if (!is_transient(result.status) || tries == 1) return;
        later(kListAgainMs, [this, run, tries] { list_open(run, tries - 1); });
    });
}

void Runs::stored(const std::shared_ptr<Sending>& sending, const sh_result& result) {
    if (result.status != SH_OK || result.body == nullptr) return refuse_send(sending, result);
    sending_.erase(sending->run);
    if (streamhost::body_of(result) != sending->answer) {  // the key's first run answers
        sent_.add(sending->run, host_.monotonic_ms());
        open_.remove(sending->run, [](const sh_result&) {});
        host_.complete(sending->ticket, result);
        if (refuses_ && !queue_.dies_with_us()) waiting_.hand_on();
        return count();
    }
    sh_result first = result;
    first.flags &= ~static_cast<std::uint32_t>(SH_RESULT_DUPLICATE);  // of our own repeat
    host_.complete(sending->ticket, first);

    if (const auto& terms = sending->message->job.remote) {
        sent_.add(sending->run, host_.monotonic_ms());
        waiting_.add({.run = sending->run, .message_seq = result.first}, *terms);
        return count();
    }
    auto run = std::make_shared<Run>(*this);
    run->id = sending->run;
    run->session = sending->message->session;
    run->job = sending->message->job;
    run->provider_name = run->job.provider;
    run->provider = settings_.providers.at(run->provider_name);
    run->message_seq = result.first;
    run->accepted_ms = sending->since_ms;
    begin_span(run);
    runs_.emplace(run->id, run);
    pending_.push_back(run);
    count();
    pump();
}

}  // namespace chat
