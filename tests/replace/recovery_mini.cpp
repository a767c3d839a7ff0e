// No decision at all: a reader is believed where it stands, or gets everything from the start, and then live.
#include <map>
#include <set>
#include <string>

#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/json.hpp"
#include "streamhost/plan.hpp"
#include "streamhost/service/recovery_requests.hpp"
#include "streamhost/service_table.hpp"

namespace {

using streamhost::bytes;
using streamhost::SubscribeRequest;
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
        const sh_delivery_events events = {sizeof(events), 0, this,
                                           streamhost::told<&RecoveryMini::changed>()};
        if (delivery_->set_events(host().raw(), &events) != SH_OK)
            throw streamhost::Failure(SH_BUSY, "no events");
        host().provide(SH_SVC_RECOVERY, &kTable, this);
    }

private:
    struct Reader {
        SubscribeRequest wish;
        bool is_told = false, is_caught_up = false;  // it heard `subscribed`, `caught_up`
    };
    using Key = std::pair<sh_connection, std::string>;

    void subscribe(const SubscribeRequest& wish, sh_ticket ticket) {
        const Key key{wish.reader, wish.stream};
        const sh_position from = wish.from == SH_FROM_POSITION ? wish.position : sh_position{};
        if (!readers_.insert_or_assign(key, Reader{wish}).second) return go_on(key, from, ticket);
        host().ask(
            SH_ON_STORE, pubsub_, kDeadlineMs,
            [&](const sh_pubsub& table, void* self, sh_ticket asked) {
                table.follow(self, bytes(wish.stream), followed_.get(), asked);
            },
            [this, key, from, ticket](const sh_result& followed) {
                if (check(key, followed, ticket)) go_on(key, from, ticket);
            });
    }
    void go_on(const Key& key, sh_position from, sh_ticket ticket) {
        const sh_range range{sizeof(range), 0, from.seq + 1, 0};
        host().ask(
            SH_ON_STORE, cache_, kDeadlineMs,
            [&](const sh_streamcache& table, void* self, sh_ticket asked) {
                table.read(self, bytes(key.second), &range, asked);
            },
            [this, key, from, ticket](const sh_result& page) {
                if (!check(key, page, ticket)) return;
                Reader& reader = readers_.at(key);
                const auto news = streamhost::records_of(page);
                const sh_position stop =
                    news.empty() ? from : sh_position{news.back().seq, news.back().check};
                streamhost::Plan plan(key.second, reader.wish.request,
                                      {page.first, {page.last, page.check}, page.state});
                if (!std::exchange(reader.is_told, true))
                    plan.subscribed(from.seq > 0, from.seq > 0 ? "" : "new");
                plan.records(news);
                plan.go_on(page, stop, reader.is_caught_up);
                sh_result answer = page;
                answer.status = plan.attach(delivery_, host().raw(), key.first, reader.wish.encoding, from);
                if (!check(key, answer, ticket)) return;
                host().complete(ticket, answer);
                follow_runs(key.second, news);
            });
    }
    // Ends what failed; also false when it ended meanwhile.
    bool check(const Key& key, const sh_result& result, sh_ticket ticket) {
        if (result.status == SH_OK && readers_.contains(key)) return true;
        host().complete(ticket, result.status == SH_OK ? SH_CANCELLED : result.status);
        end(key);
        return false;
    }
    void end(const Key& key) {
        if (readers_.erase(key) == 0) return;
        (void)pubsub_.call([&](const sh_pubsub& table, void* self) {
            table.unfollow(self, bytes(key.second), followed_.get());
        });
    }
    void unsubscribe(sh_connection reader, const std::string& stream, sh_ticket ticket) {
        host().complete(ticket, readers_.contains({reader, stream}) ? SH_OK : SH_NOT_FOUND);
        delivery_->detach(host().raw(), reader, bytes(stream));
        end({reader, stream});
    }
    void changed(sh_connection reader, const std::string& stream, std::uint32_t what, sh_position sent) {
        const Key key{reader, stream};
        if (!readers_.contains(key)) return;
        if (what == SH_SUBSCRIPTION_BEHIND) return go_on(key, sent, 0);
        what == SH_SUBSCRIPTION_RESET ? go_on(key, {}, 0) : end(key);
    }
    // Who follows a session follows its runs, each once.
    void follow_runs(const std::string& session, std::span<const sh_record> news) {
        for (const auto& [key, reader] : std::map(readers_)) {
            if (key.second != session || (reader.wish.flags & SH_SUBSCRIBE_FOLLOW_RUNS) == 0) continue;
            for (const sh_record& record : news) {
                SubscribeRequest run = reader.wish;
                run.stream = streamhost::own_member(view(record.data), "run");
                run.from = SH_FROM_START;
                run.flags = 0;
                run.request.clear();
                if (record.type == SH_RECORD_RUN && seen_.insert({key.first, run.stream}).second)
                    subscribe(run, 0);
            }
        }
    }
    static void on_records(void* self, sh_bytes stream, const sh_record* records,
                           std::uint32_t count) noexcept {
        static_cast<RecoveryMini*>(self)->follow_runs(std::string(view(stream)), {records, count});
    }

    static constexpr sh_follow_events kFollowEvents = {sizeof(sh_follow_events), 0, &on_records};
    static constexpr sh_recovery kTable = {sizeof(sh_recovery), 0,
                                           streamhost::answered<&RecoveryMini::subscribe>(),
                                           streamhost::answered<&RecoveryMini::unsubscribe>()};
    const sh_delivery_ext* delivery_ = nullptr;
    streamhost::Lease<sh_streamcache> cache_;
    streamhost::Lease<sh_pubsub> pubsub_;
    streamhost::Lease<sh_follow_events> followed_;
    std::map<Key, Reader> readers_;
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
