#include "bridge/delivery_hub.hpp"

#include <algorithm>
#include <utility>

#include "bridge/encoder.hpp"
#include "bridge/plan_steps.hpp"
#include "bridge/transport_hub.hpp"

namespace streamhost::bridge {

using delivery::AttachStatus;
using delivery::DeliverStatus;
using delivery::Plan;
using delivery::Position;

namespace {

sh_status to_status(AttachStatus status) {
    switch (status) {
    case AttachStatus::kOk: return SH_OK;
    case AttachStatus::kNotInLog: return SH_GAP;
    case AttachStatus::kNoEncoding:
    case AttachStatus::kNoLoop: return SH_GONE;
    case AttachStatus::kBroken:
    case AttachStatus::kEncoderFailed: return SH_INTERNAL;
    }
    return SH_INTERNAL;
}

}  // namespace

DeliveryHub::DeliveryHub(House& house, const delivery::LogSetOptions& options)
    : house_(house), logs_(options, *this, *this) {}
DeliveryHub::~DeliveryHub() = default;

void DeliveryHub::reader_opened(sh_connection connection, delivery::ReaderRef reader) {
    (void)house_.loops.store_loop().post([this, connection, reader] { readers_.open(connection, reader); });
}

void DeliveryHub::reader_closed(sh_connection connection) {
    (void)house_.loops.store_loop().post([this, connection] {
        const std::unique_ptr<Subscriptions> held = readers_.close(connection);
        if (held == nullptr) return;
        for (const Subscription& subscription : *held) {
            const std::string stream = subscription.stream->first;
            uncount_reader(*subscription.stream);
            tell(subscription.owner, connection, stream, SH_SUBSCRIPTION_CLOSED, {});
        }
    });
}

sh_status DeliveryHub::add_encoding(control::Instance& by, const sh_encoder& encoder, sh_handle* out) {
    if (encoder.framing > SH_FRAMING_CHUNK) return SH_UNSUPPORTED;  // of a later host
    const delivery::Framing framing =
        encoder.framing == SH_FRAMING_CHUNK ? &delivery::http_chunk : &delivery::websocket_text;
    // Registered when the instance opens; the number is known before, so that start() can hand it on.
    auto handle = std::make_shared<sh_handle>(0);
    auto adapter = std::make_shared<std::unique_ptr<EncoderOfPlugin>>(
        std::make_unique<EncoderOfPlugin>(by.shared_from_this(), encoder));
    const auto added =
        by.handles().add({"encoding",
                          [this, handle, adapter, framing] {
                              (void)house_.loops.store_loop().post([this, handle, adapter, framing] {
                                  Encoding& made = encodings_[*handle];
                                  made.encoder = std::move(*adapter);
                                  made.id = logs_.add_encoding(*made.encoder, framing);
                              });
                          },
                          [this, handle] {
                              (void)house_.loops.store_loop().post([this, handle] {
                                  const auto found = encodings_.find(*handle);
                                  if (found == encodings_.end()) return;
                                  logs_.replace_encoder(found->second.id, nullptr);
                                  encodings_.erase(found);
                              });
                          }});
    if (added.handle == 0) return status_of(added.refusal);
    *handle = added.handle;
    *out = added.handle;
    return SH_OK;
}

sh_status DeliveryHub::set_events(control::Instance& by, const sh_delivery_events& events) {
    const std::uint64_t id = by.id();
    const auto added = by.handles().add({"delivery events",
                                         [this, id, events] {
                                             (void)house_.loops.store_loop().post(
                                                 [this, id, events] { events_[id] = events; });
                                         },
                                         [this, id] {
                                             (void)house_.loops.store_loop().post([this, id] {
                                                 events_.erase(id);
                                                 close_readers_of(id);
                                             });
                                         }});
    return added.handle == 0 ? status_of(added.refusal) : SH_OK;
}

// Nobody plans for these readers any more: what they fall behind, and streams that begin, they would never
// see. They come back with their positions to whoever plans then.
void DeliveryHub::close_readers_of(std::uint64_t instance) {
    readers_.for_each([&](const Readers::Entry& reader) {
        if (reader.held == nullptr) return;
        const bool is_orphan =
            std::any_of(reader.held->begin(), reader.held->end(),
                        [instance](const Subscription& one) { return one.owner->id() == instance; });
        if (is_orphan)
            house_.transport->close(reader.connection, 1013, "streams were just switched off; try again");
    });
}

const DeliveryHub::Encoding* DeliveryHub::encoding_of(sh_handle handle) const {
    const auto found = encodings_.find(handle);
    return found == encodings_.end() ? nullptr : &found->second;
}

DeliveryHub::Stream* DeliveryHub::followed_by(const control::Instance& by, std::string_view stream) {
    const auto found = streams_.find(stream);
    return found != streams_.end() && found->second.followed_by == by.id() ? &found->second : nullptr;
}

DeliveryHub::Subscription* DeliveryHub::find(const Readers::Entry& reader, delivery::SubscriptionId id) {
    if (reader.held == nullptr) return nullptr;
    const auto found = std::lower_bound(
        reader.held->begin(), reader.held->end(), id,
        [](const Subscription& one, delivery::SubscriptionId wanted) { return one.id < wanted; });
    return found != reader.held->end() && found->id == id ? &*found : nullptr;
}

DeliveryHub::Subscription* DeliveryHub::find(const Readers::Entry& reader,
                                             const Streams::value_type& stream) {
    if (reader.held == nullptr) return nullptr;
    const auto found = std::find_if(reader.held->begin(), reader.held->end(),
                                    [&stream](const Subscription& one) { return one.stream == &stream; });
    return found != reader.held->end() ? &*found : nullptr;
}

void DeliveryHub::end_subscription(Readers::Entry& reader, Subscription& subscription) {
    Streams::value_type& stream = *subscription.stream;
    reader.held->erase(reader.held->begin() + (&subscription - reader.held->data()));
    if (reader.held->empty()) reader.held.reset();
    uncount_reader(stream);
}

sh_status DeliveryHub::deliver(const control::Instance& by, std::string_view stream,
                               std::span<const sh_record> records) {
    Stream* followed = followed_by(by, stream);
    if (followed == nullptr) return SH_GONE;
    if (records.empty()) return SH_INVALID;
    const sh_record& first = records.front();
    if (first.seq != followed->at.seq + 1 || first.prev != followed->at.check) return SH_GAP;
    views_.clear();
    for (const sh_record& record : records)
        views_.push_back(to_view(record));
    switch (logs_.deliver(stream, views_)) {
    case DeliverStatus::kOk:
    case DeliverStatus::kNoReaders:
        // Only now: what the logs refuse, nobody was given, and the follower must be able to send it again.
        followed->at = {records.back().seq, records.back().check};
        return SH_OK;
    case DeliverStatus::kNotNext: return SH_GAP;
    case DeliverStatus::kClosed: return SH_ENDED;
    }
    return SH_INTERNAL;
}

// A follower that ends without closing its logs, because it failed, must not leave readers waiting for what
// nobody feeds.
sh_status DeliveryHub::tie(control::Instance& follower) {
    const std::uint64_t id = follower.id();
    if (!followers_.insert(id).second) return SH_OK;
    const auto added =
        follower.handles().add({"followed streams", {}, [this, id] {
                                    (void)house_.loops.store_loop().post([this, id] { close_logs_of(id); });
                                }});
    if (added.handle != 0) return SH_OK;
    followers_.erase(id);
    return status_of(added.refusal);
}

void DeliveryHub::close_logs_of(std::uint64_t instance) {
    followers_.erase(instance);
    for (auto& [name, stream] : streams_) {
        if (stream.followed_by != instance) continue;
        logs_.reset(name, stream.at, delivery::FallReason::kTrimmed);
        stream.followed_by = 0;
    }
    std::erase_if(streams_, [](const auto& entry) { return is_unused(entry.second); });
}

sh_status DeliveryHub::open_log(control::Instance& by, std::string_view stream, Position at) {
    if (const sh_status status = tie(by); status != SH_OK) return status;
    Stream& known = streams_.try_emplace(std::string(stream)).first->second;
    // A log that stands elsewhere is nothing to go on from; its readers are planned anew, which compares what
    // they hold. Followed anew, the stream may still be known to the logs by retired ones, and would go on
    // from where those ended.
    if (known.followed_by == 0 || known.at != at) logs_.reset(stream, at, delivery::FallReason::kTrimmed);
    known.at = at;
    known.followed_by = by.id();
    return SH_OK;
}

void DeliveryHub::reset_log(const control::Instance& by, std::string_view stream, Position at) {
    Stream* followed = followed_by(by, stream);
    if (followed == nullptr) return;
    followed->at = at;
    logs_.reset(stream, at);
}

// Cursors that are left fall off: whoever plans them finds that nobody follows the stream, and asks for it.
void DeliveryHub::close_log(const control::Instance& by, std::string_view stream) {
    Stream* followed = followed_by(by, stream);
    if (followed == nullptr) return;
    logs_.reset(stream, followed->at, delivery::FallReason::kTrimmed);
    followed->followed_by = 0;
    forget_unused(stream);
}

void DeliveryHub::forget_unused(std::string_view stream) {
    const auto found = streams_.find(stream);
    if (found != streams_.end() && is_unused(found->second)) streams_.erase(found);
}

sh_log_range DeliveryHub::range(std::string_view stream, sh_handle handle) const {
    sh_log_range out{};
    if (const auto known = streams_.find(stream); known != streams_.end() && known->second.followed_by != 0)
        out.end = {known->second.at.seq, known->second.at.check};
    const Encoding* encoding = encoding_of(handle);
    const auto held = encoding == nullptr ? std::nullopt : logs_.range(stream, encoding->id);
    if (held && held->first.seq < held->last.seq) out.first = held->first.seq + 1;
    return out;
}

sh_status DeliveryHub::check_at(std::string_view stream, sh_handle handle, std::uint64_t seq,
                                std::uint64_t* check) const {
    const Encoding* encoding = encoding_of(handle);
    const auto held = encoding == nullptr ? std::nullopt : logs_.find(stream, encoding->id, seq);
    if (!held) return SH_NOT_FOUND;
    *check = *held;
    return SH_OK;
}

sh_status DeliveryHub::attach(control::Instance& by, sh_connection connection, std::string_view stream,
                              sh_handle handle, Position from, std::span<const sh_plan_step> steps) {
    Readers::Entry* reader = readers_.find(connection);
    const Encoding* encoding = encoding_of(handle);
    // An encoding goes with its plugin, and so do the connections of that plugin: nothing to come back to.
    if (reader == nullptr || encoding == nullptr) return SH_GONE;
    Plan plan(from);
    PlanMaterial material;
    material.records.reserve(steps.size());
    material.texts.reserve(steps.size());
    for (const sh_plan_step& step : steps) {
        if (step.kind == SH_PLAN_LOG) {
            const auto before = logs_.find(stream, encoding->id, step.first - 1);
            const auto last = logs_.find(stream, encoding->id, step.last);
            if (!before || !last) return SH_GAP;
            plan.log({step.first - 1, *before}, {step.last, *last});
            continue;
        }
        // A join where there is no log yet would begin one: only right where the follower stands.
        const bool has_log = logs_.range(stream, encoding->id).has_value();
        const auto known = streams_.find(stream);
        const bool is_followed = known != streams_.end() && known->second.followed_by != 0;
        const Position at{step.position.seq, step.position.check};
        if (step.kind == SH_PLAN_JOIN && !is_followed) return SH_NOT_FOUND;
        if (step.kind == SH_PLAN_JOIN && !has_log && known->second.at != at) return SH_GAP;
        add_step(plan, material, step,
                 [&](const sh_notice& notice) { return encoding->encoder->notice_text(notice); });
    }
    const auto known = streams_.find(stream);
    Subscription* subscription = known == streams_.end() ? nullptr : find(*reader, *known);
    const delivery::SubscriptionId id = subscription == nullptr ? ++last_subscription_ : subscription->id;
    const auto result = logs_.attach(reader->reader(), id, stream, encoding->id, plan);
    if (result.status != AttachStatus::kOk) return to_status(result.status);
    if (subscription == nullptr) {
        auto& read = *streams_.try_emplace(std::string(stream)).first;
        ++read.second.readers;
        if (reader->held == nullptr) reader->held = std::make_unique<Subscriptions>();
        subscription = &reader->held->emplace_back(Subscription{id, 0, &read, nullptr});
    }
    subscription->ticket = result.ticket;
    subscription->owner = by.shared_from_this();
    return SH_OK;
}

void DeliveryHub::detach(sh_connection connection, std::string_view stream) {
    Readers::Entry* reader = readers_.find(connection);
    if (reader == nullptr) return;
    const auto known = streams_.find(stream);
    if (known == streams_.end()) return;
    Subscription* found = find(*reader, *known);
    if (found == nullptr) return;
    logs_.detach(reader->reader(), found->id);
    end_subscription(*reader, *found);
}

void DeliveryHub::uncount_reader(Streams::value_type& stream) {
    --stream.second.readers;
    forget_unused(stream.first);
}

std::uint64_t DeliveryHub::readers(std::string_view stream) const {
    const auto found = streams_.find(stream);
    return found == streams_.end() ? 0 : found->second.readers;
}

void DeliveryHub::tell(const Reader& who, std::uint32_t what) {
    Readers::Entry* reader = readers_.find(who.reader);
    if (reader == nullptr) return;
    Subscription* found = find(*reader, who.subscription);
    if (found == nullptr || found->ticket != who.ticket) return;  // late news
    const auto owner = found->owner;
    const std::string name = found->stream->first;
    const sh_connection connection = reader->connection;
    if (what == SH_SUBSCRIPTION_DONE) end_subscription(*reader, *found);
    tell(owner, connection, name, what, {who.at.seq, who.at.check});
}

void DeliveryHub::tell(const std::shared_ptr<control::Instance>& owner, sh_connection connection,
                       std::string_view stream, std::uint32_t what, sh_position sent) {
    const auto found = events_.find(owner->id());
    if (found == events_.end()) return;
    const sh_delivery_events events = found->second;
    const auto role = role_of(SH_ON_STORE);
    owner->call("delivery event",
                [&] { events.changed(events.self, connection, bytes(stream), what, sent); });
}

void DeliveryHub::fell_off(const Reader& who, std::string_view, delivery::EncodingId,
                           delivery::FallReason reason) {
    tell(who, reason == delivery::FallReason::kTrimmed ? SH_SUBSCRIPTION_BEHIND : SH_SUBSCRIPTION_RESET);
}
void DeliveryHub::completed(const Reader& who) { tell(who, SH_SUBSCRIPTION_DONE); }
void DeliveryHub::wants_more(const Reader& who) { tell(who, SH_SUBSCRIPTION_BEHIND); }
void DeliveryHub::unused(std::string_view) {}  // whoever follows the stream counts its readers itself

void DeliveryHub::post(std::uint32_t loop, std::unique_ptr<delivery::LoopMessage> message) {
    house_.transport->post(loop, std::move(message));
}

void DeliveryHub::post(std::unique_ptr<delivery::LoopReport> report) {
    (void)house_.loops.store_loop().post(
        [this, held = std::move(report)]() mutable { logs_.take(std::move(held)); });
}

bool DeliveryHub::on_round_end() {
    logs_.tick(static_cast<std::int64_t>(house_.loops.store_loop().now_ms()));
    logs_.flush();
    return false;
}

}  // namespace streamhost::bridge
