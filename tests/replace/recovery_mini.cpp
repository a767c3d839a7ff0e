// No decision: a reader is believed where it stands, or gets all from the start. Who falls behind reconnects.
#include <map>

#include "streamhost/abi/ext/websocket.h"
#include "streamhost/json.hpp"
#include "streamhost/plan.hpp"
#include "streamhost/service/recovery.hpp"

using streamhost::bytes, streamhost::view, streamhost::SubscribeRequest;

class RecoveryMini : public streamhost::RecoveryPlugin {
public:
    using RecoveryPlugin::RecoveryPlugin;
    void start() override { provide_recovery(); }

private:
    void subscribe(const SubscribeRequest& wish, sh_ticket ticket) override {
        SubscribeRequest& known = wishes_[{wish.reader, wish.stream}];
        const auto go_on = [=, this](const sh_result&) {
            read(wish.stream, wish.position.seq + 1,
                 [=, this](const auto& page) { give(wish, page, ticket); });
        };
        std::exchange(known, wish).reader == 0 ? follow(wish.stream, go_on) : go_on({});
    }
    void give(const SubscribeRequest& wish, sh_result got, sh_ticket ticket) {
        const auto news = streamhost::records_of(got);
        streamhost::Plan plan(wish.stream, wish.request, {got.first, {got.last, got.check}, got.state});
        plan.subscribed(wish.position.seq > 0, wish.position.seq > 0 ? "" : "new");
        plan.records(news);
        plan.go_on(got, wish.position);
        if (got.status == SH_OK)
            got.status = plan.attach(delivery(), host().raw(), wish.reader, wish.encoding, wish.position);
        host().complete(ticket, got);
        records(wish.stream, news);
    }
    void unsubscribe(sh_connection reader, const std::string& stream, sh_ticket ticket) override {
        host().complete(ticket, wishes_[{reader, stream}].reader == reader ? SH_OK : SH_NOT_FOUND);
        delivery()->detach(host().raw(), reader, bytes(stream));
        changed(reader, stream, SH_SUBSCRIPTION_DONE, {});
    }
    void changed(sh_connection reader, const std::string& stream, std::uint32_t what, sh_position) override {
        if (what == SH_SUBSCRIPTION_BEHIND || what == SH_SUBSCRIPTION_RESET)
            host().require<sh_websocket_ext>(SH_EXT_WEBSOCKET)->close(reader, 4002, bytes("slow"));
        if (std::exchange(wishes_[{reader, stream}].reader, 0) != 0) unfollow(stream);
    }
    void records(std::string_view session, std::span<const sh_record> news) override {
        for (const auto& [key, wish] : std::map(wishes_))
            for (const sh_record& record : news) {
                const SubscribeRequest run = wish.of_run(streamhost::own_member(view(record.data), "run"));
                const bool follows = key.second == session && wish.reader != 0 && wish.flags != 0;
                if (follows && !run.stream.empty() && !wishes_.contains({key.first, run.stream}))
                    subscribe(run, 0);
            }
    }
    std::map<std::pair<sh_connection, std::string>, SubscribeRequest>
        wishes_;  // reader 0: was followed, is not any more
};

STREAMHOST_PLUGIN(RecoveryMini, {"recovery-mini", "1.0.0", "All for everybody", RecoveryMini::kProvides,
                                 RecoveryMini::kNeeds})
