// No decision at all: every reader gets a snapshot, what came since, and then live. Who falls behind gets the
// same again.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/abi/svc/recovery.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/json.hpp"
#include "streamhost/plugin.hpp"

namespace {

using streamhost::Batch;
using streamhost::bytes;
using streamhost::view;

constexpr std::uint32_t kDeadlineMs = 5'000;

class RecoveryMini : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void start() override {
        delivery_ = host().require<sh_delivery_ext>(SH_EXT_DELIVERY);
        cache_ = host().acquire<sh_streamcache>(SH_SVC_STREAMCACHE);
        pubsub_ = host().acquire<sh_pubsub>(SH_SVC_PUBSUB);
        followed_ = host().expose(&kFollowEvents, this);
        const sh_delivery_events events = {sizeof(events), 0, this, &changed};
        if (delivery_->set_events(host().raw(), &events) != SH_OK)
            throw streamhost::Failure(SH_BUSY, "no events");
        host().provide(SH_SVC_RECOVERY, &kTable, this);
    }

private:
    struct Wish {
        sh_connection reader = 0;
        sh_handle encoding = 0;
        std::string stream, request;
        bool with_runs = false;
        bool is_told = false;  // it got `subscribed` and `caught_up`
        sh_ticket ticket = 0;
    };
    using Ref = std::shared_ptr<Wish>;
    using Key = std::pair<sh_connection, std::string>;
    static RecoveryMini& of(void* self) { return *static_cast<RecoveryMini*>(self); }

    static void subscribe(void* self, const sh_subscribe* asked, sh_ticket ticket) noexcept {
        RecoveryMini& me = of(self);
        const auto wish =
            std::make_shared<Wish>(Wish{asked->reader, asked->encoding, std::string(view(asked->stream)),
                                        std::string(view(asked->request)),
                                        (asked->flags & SH_SUBSCRIBE_FOLLOW_RUNS) != 0, false, ticket});
        if (me.host().post(SH_ON_STORE, [&me, wish] { me.begin(wish); }) != SH_OK)
            me.host().complete(ticket, SH_BUSY);
    }
    void begin(const Ref& wish) {
        Ref& entry = wishes_[{wish->reader, wish->stream}];
        if (entry == nullptr) return follow(entry = wish);
        entry = wish;  // asked anew: it is followed already
        plan(wish);
    }
    void follow(const Ref& wish) {
        host().ask(
            SH_ON_STORE, pubsub_, kDeadlineMs,
            [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
                table.follow(self, bytes(wish->stream), followed_.get(), ticket);
            },
            [this, wish](const sh_result& result) {
                result.status == SH_OK ? plan(wish) : fail(wish, result.status);
            });
    }
    void plan(const Ref& wish) {
        host().ask(
            SH_ON_STORE, cache_, kDeadlineMs,
            [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
                table.snapshot(self, bytes(wish->stream), ticket);
            },
            [this, wish](const sh_result& snapshot) {
                if (snapshot.status != SH_OK) return fail(wish, snapshot.status);
                const sh_range range{sizeof(range), 0, snapshot.last + 1, 0};
                host().ask(
                    SH_ON_STORE, cache_, kDeadlineMs,
                    [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
                        table.read(self, bytes(wish->stream), &range, ticket);
                    },
                    [this, wish, folded = Batch::retain(snapshot.batch),
                     at = sh_position{snapshot.last, snapshot.check}](const sh_result& rest) {
                        rest.status == SH_OK ? attach(wish, folded, at, rest) : fail(wish, rest.status);
                    });
            });
    }
    void attach(const Ref& wish, const Batch& folded, sh_position at, const sh_result& rest) {
        const auto found = wishes_.find({wish->reader, wish->stream});
        if (found == wishes_.end() || found->second != wish)
            return host().complete(std::exchange(wish->ticket, 0), SH_CANCELLED);
        const std::uint32_t news = rest.batch == nullptr ? 0 : rest.batch->count;
        const sh_record* last = news == 0 ? nullptr : &rest.batch->records[news - 1];
        const sh_position stop = last == nullptr ? at : sh_position{last->seq, last->check};
        const sh_notice subscribed = {sizeof(sh_notice),    SH_NOTICE_SUBSCRIBED, bytes(wish->stream),
                                      bytes(wish->request), rest.first,           stop.seq,
                                      stop.check,           rest.state,           0,
                                      bytes("new")};
        sh_notice caught_up = subscribed;
        caught_up.kind = SH_NOTICE_CAUGHT_UP;
        const bool is_ended = last != nullptr && last->type == SH_RECORD_END;
        const sh_plan_step all[] = {
            {sizeof(sh_plan_step), SH_PLAN_NOTICE, &subscribed, nullptr, 0, 0, 0, 0, {}},
            {sizeof(sh_plan_step), SH_PLAN_SNAPSHOT, nullptr, folded ? folded->records : nullptr,
             folded ? folded->count : 0, 0, 0, 0, at},
            {sizeof(sh_plan_step),
             SH_PLAN_RECORDS,
             nullptr,
             news == 0 ? nullptr : rest.batch->records,
             news,
             0,
             0,
             0,
             {}},
            {sizeof(sh_plan_step), SH_PLAN_NOTICE, &caught_up, nullptr, 0, 0, 0, 0, {}},
            {sizeof(sh_plan_step), is_ended ? SH_PLAN_END + 0u : SH_PLAN_JOIN + 0u, nullptr, nullptr, 0, 0, 0,
             0, stop}};
        std::vector<sh_plan_step> steps;
        for (const sh_plan_step& step : all) {
            const bool is_empty =
                (step.kind == SH_PLAN_SNAPSHOT && at.seq == 0) || (step.kind == SH_PLAN_RECORDS && news == 0);
            if (!is_empty && !(step.kind == SH_PLAN_NOTICE && wish->is_told)) steps.push_back(step);
        }
        const sh_status status =
            delivery_->attach(host().raw(), wish->reader, bytes(wish->stream), wish->encoding, {},
                              steps.data(), static_cast<std::uint32_t>(steps.size()));
        if (status == SH_GAP) return plan(wish);  // it went on meanwhile
        if (status != SH_OK) return fail(wish, status);
        wish->is_told = true;
        sh_result answer = streamhost::Host::make_result(SH_OK);
        answer.last = stop.seq;
        answer.check = stop.check;
        answer.state = rest.state;
        host().complete(std::exchange(wish->ticket, 0), answer);
        if (wish->with_runs && folded) records(this, bytes(wish->stream), folded->records, folded->count);
        if (wish->with_runs && news > 0) records(this, bytes(wish->stream), rest.batch->records, news);
    }
    void fail(const Ref& wish, sh_status status) {
        host().complete(std::exchange(wish->ticket, 0), status);
        end(wish->reader, wish->stream);
    }
    void end(sh_connection reader, const std::string& stream) {
        if (wishes_.erase({reader, stream}) == 0) return;
        (void)pubsub_.call([&](const sh_pubsub& table, void* self) {
            table.unfollow(self, bytes(stream), followed_.get());
        });
    }
    static void unsubscribe(void* self, sh_connection reader, sh_bytes stream, sh_ticket ticket) noexcept {
        RecoveryMini& me = of(self);
        (void)me.host().post(SH_ON_STORE, [&me, reader, id = std::string(view(stream)), ticket] {
            me.host().complete(ticket, me.wishes_.contains({reader, id}) ? SH_OK : SH_NOT_FOUND);
            me.delivery_->detach(me.host().raw(), reader, bytes(id));
            me.end(reader, id);
        });
    }
    static void changed(void* self, sh_connection reader, sh_bytes stream, std::uint32_t what,
                        sh_position) noexcept {
        RecoveryMini& me = of(self);
        const auto found = me.wishes_.find({reader, std::string(view(stream))});
        if (found == me.wishes_.end()) return;
        const bool is_over = what == SH_SUBSCRIPTION_DONE || what == SH_SUBSCRIPTION_CLOSED;
        is_over ? me.end(reader, std::string(view(stream))) : me.plan(Ref(found->second));
        if (what == SH_SUBSCRIPTION_CLOSED)
            std::erase_if(me.seen_, [reader](const Key& key) { return key.first == reader; });
    }
    // Who follows a session follows its runs, each once.
    static void records(void* self, sh_bytes stream, const sh_record* records, std::uint32_t count) noexcept {
        RecoveryMini& me = of(self);
        std::vector<Ref> sessions;
        for (const auto& [key, wish] : me.wishes_)
            if (wish->with_runs && wish->stream == view(stream)) sessions.push_back(wish);
        for (std::uint32_t index = 0; index < count; ++index) {
            if (records[index].type != SH_RECORD_RUN) continue;
            const std::string run(streamhost::own_member(view(records[index].data), "run"));
            for (const Ref& session : sessions)
                if (me.seen_.insert({session->reader, run}).second &&
                    !me.wishes_.contains({session->reader, run}))
                    me.begin(std::make_shared<Wish>(
                        Wish{session->reader, session->encoding, run, "", false, false, 0}));
        }
    }

    static constexpr sh_follow_events kFollowEvents = {sizeof(sh_follow_events), 0, &records};
    static constexpr sh_recovery kTable = {sizeof(sh_recovery), 0, &subscribe, &unsubscribe};
    const sh_delivery_ext* delivery_ = nullptr;
    streamhost::Lease<sh_streamcache> cache_;
    streamhost::Lease<sh_pubsub> pubsub_;
    streamhost::Lease<sh_follow_events> followed_;
    std::map<Key, Ref> wishes_;
    std::set<Key> seen_;
};

constexpr const char* kProvides[] = {SH_SVC_RECOVERY, nullptr};
constexpr const char* kNeeds[] = {SH_SVC_STREAMCACHE, SH_SVC_PUBSUB, nullptr};

}  // namespace

STREAMHOST_PLUGIN(RecoveryMini, {.name = "recovery-mini",
                                 .version = "1.0.0",
                                 .summary = "A snapshot for everybody",
                                 .provides = kProvides,
                                 .needs = kNeeds})
