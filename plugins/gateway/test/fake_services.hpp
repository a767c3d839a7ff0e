// The services that the gateway calls, as the test wants them: each call is noted and stays open until the
// test answers it.
#pragma once

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/abi/svc/chat.h"
#include "streamhost/abi/svc/ratelimit.h"
#include "streamhost/abi/svc/recovery.h"
#include "streamhost/abi/svc/session.h"
#include "streamhost/abi/svc/streamcache.h"
#include "streamhost/testing/fake_host.hpp"

namespace gateway::testing {

using streamhost::view;
using streamhost::testing::FakeHost;

struct Call {
    std::string name;  // "join", "subscribe", ...
    sh_ticket ticket = 0;
    std::string subject;  // session, stream, run or home
    std::string user;
    sh_connection connection = 0;
    std::uint32_t from = 0;  // of a read: how many entries at most
    std::uint32_t flags = 0;
    std::uint64_t seq = 0;
    std::string text;   // content, reason, ...
    std::string trace;  // of a send, as traceparent
};

class FakeServices {
public:
    explicit FakeServices(FakeHost& host) : host_(host), side_(host.raw()) {
        fill_session();
        fill_recovery();
        fill_chat();
        fill_streamcache();
        host.offer(SH_SVC_SESSION, &session_, this);
        host.offer(SH_SVC_RECOVERY, &recovery_, this);
        host.offer(SH_SVC_CHAT, &chat_, this);
        host.offer(SH_SVC_STREAMCACHE, &streamcache_, this);
    }

    // The oldest open call of that name; it is the test's to answer then.
    Call take(std::string_view name) {
        for (auto call = open.begin(); call != open.end(); ++call) {
            if (call->name != name) continue;
            Call found = *call;
            open.erase(call);
            return found;
        }
        throw std::runtime_error("nobody called " + std::string(name));
    }
    [[nodiscard]] std::size_t count(std::string_view name) const {
        std::size_t found = 0;
        for (const Call& call : open)
            found += call.name == name ? 1 : 0;
        return found;
    }
    // Of tail(): where the stream begins and ends.
    void answer_tail(const Call& call, std::uint64_t first, std::uint64_t last) {
        sh_result result = streamhost::Host::make_result(SH_OK);
        result.first = first;
        result.last = last;
        answer(call, result);
    }
    void answer_read(const Call& call, const std::vector<sh_record>& records) {
        sh_result result = streamhost::Host::make_result(SH_OK);
        const streamhost::Batch batch =
            side_.make_batch(records.data(), static_cast<std::uint32_t>(records.size()));
        result.batch = batch.get();
        answer(call, result);
    }
    void answer(const Call& call, const sh_result& result) {
        side_.complete(call.ticket, result);
        unanswered_.erase(call.ticket);
        host_.run();
    }
    void answer(const Call& call, sh_status status, std::string_view body = "", std::uint32_t flags = 0) {
        sh_result result = streamhost::Host::make_result(status);
        result.flags = flags;
        const streamhost::Buffer buffer = body.empty() ? streamhost::Buffer() : side_.make_buffer(body);
        result.body = buffer.get();
        answer(call, result);
    }
    // What the host does at the deadline of every call.
    void let_time_out() {
        for (const sh_ticket ticket : std::exchange(unanswered_, {}))
            side_.complete(ticket, SH_TIMEOUT);
        host_.run();
    }

    // Tokens are what the test answers "authenticate" with; `revoked` is asked for by user.
    void offer_auth() {
        auth_.struct_size = sizeof(auth_);
        auth_.authenticate = [](void* self, sh_bytes token, sh_ticket ticket) {
            of(self).note({.name = "authenticate", .ticket = ticket, .subject = std::string(view(token))});
        };
        auth_.revision = [](void* self) { return of(self).revision; };
        auth_.has_ended = [](void* self, const sh_auth_mark* mark) -> std::uint8_t {
            return of(self).revoked.contains(std::string(view(mark->user))) ? 1 : 0;
        };
        host_.offer(SH_SVC_AUTH, &auth_, this);
    }
    // Answers `wait_ms`, and notes who asked.
    void offer_ratelimit() {
        ratelimit_.struct_size = sizeof(ratelimit_);
        ratelimit_.take = [](void* self, const sh_rate_subject* who, std::uint32_t cost) {
            of(self).taken.push_back(std::to_string(who->verb) + " " + std::string(view(who->address)) + " " +
                                     std::string(view(who->user)) + " " + std::string(view(who->session)) +
                                     " " + std::to_string(cost));
            return of(self).wait_ms;
        };
        ratelimit_.enter = [](void* self, sh_bytes address, sh_bytes user) {
            of(self).inside.push_back(std::string(view(address)) + "/" + std::string(view(user)));
            return of(self).enter_wait_ms;
        };
        ratelimit_.leave = [](void* self, sh_bytes address, sh_bytes user) {
            auto& open_ones = of(self).inside;
            const auto found = std::find(open_ones.begin(), open_ones.end(),
                                         std::string(view(address)) + "/" + std::string(view(user)));
            if (found != open_ones.end()) open_ones.erase(found);
        };
        ratelimit_.epoch = [](void* self) { return of(self).limiter; };
        host_.offer(SH_SVC_RATELIMIT, &ratelimit_, this);
    }
    std::uint64_t revision = 1;
    std::set<std::string> revoked;
    std::int64_t wait_ms = 0;
    std::int64_t enter_wait_ms = 0;
    std::uint64_t limiter = 7;  // which instance
    std::vector<std::string> taken;
    std::vector<std::string> inside;

    // To offer it again.
    [[nodiscard]] const sh_session* session() const noexcept { return &session_; }

    std::vector<Call> open;
    std::vector<sh_connection> left;  // leave() of the session

private:
    static FakeServices& of(void* self) { return *static_cast<FakeServices*>(self); }
    void note(Call call) {
        unanswered_.insert(call.ticket);
        open.push_back(std::move(call));
    }

    void fill_session() {
        session_.struct_size = sizeof(session_);
        session_.join = [](void* self, const sh_session_join* join, sh_ticket ticket) {
            of(self).note({.name = "join",
                           .ticket = ticket,
                           .subject = std::string(view(join->session)),
                           .user = std::string(view(join->user)),
                           .connection = join->connection,
                           .flags = join->flags,
                           .text = std::string(view(join->client))});
        };
        session_.leave = [](void* self, sh_connection id) { of(self).left.push_back(id); };
        session_.check_owner = [](void* self, sh_bytes home, sh_bytes user, sh_ticket ticket) {
            of(self).note({.name = "check_owner",
                           .ticket = ticket,
                           .subject = std::string(view(home)),
                           .user = std::string(view(user))});
        };
        session_.look_owner = [](void* self, sh_bytes home, sh_bytes user, sh_ticket ticket) {
            of(self).note({.name = "look_owner",
                           .ticket = ticket,
                           .subject = std::string(view(home)),
                           .user = std::string(view(user))});
        };
    }
    void fill_recovery() {
        recovery_.struct_size = sizeof(recovery_);
        recovery_.subscribe = [](void* self, const sh_subscribe* wish, sh_ticket ticket) {
            of(self).note({.name = "subscribe",
                           .ticket = ticket,
                           .subject = std::string(view(wish->stream)),
                           .connection = wish->reader,
                           .from = wish->from,
                           .flags = wish->flags,
                           .seq = wish->position.seq,
                           .text = std::string(view(wish->request))});
        };
        recovery_.unsubscribe = [](void* self, sh_connection reader, sh_bytes stream, sh_ticket ticket) {
            of(self).note({.name = "unsubscribe",
                           .ticket = ticket,
                           .subject = std::string(view(stream)),
                           .connection = reader});
        };
    }
    void fill_chat() {
        chat_.struct_size = sizeof(chat_);
        chat_.send = [](void* self, const sh_chat_send* send, sh_ticket ticket) {
            of(self).note({.name = "send",
                           .ticket = ticket,
                           .subject = std::string(view(send->session)),
                           .user = std::string(view(send->user)),
                           .text = std::string(view(send->content)),
                           .trace = send->trace == nullptr
                                        ? ""
                                        : streamhost::TraceContext::copy(*send->trace).parent_text()});
        };
        chat_.cancel = [](void* self, sh_bytes run, sh_bytes user, sh_bytes reason, sh_ticket ticket) {
            of(self).note({.name = "cancel",
                           .ticket = ticket,
                           .subject = std::string(view(run)),
                           .user = std::string(view(user)),
                           .text = std::string(view(reason))});
        };
    }
    void fill_streamcache() {
        streamcache_.struct_size = sizeof(streamcache_);
        streamcache_.tail = [](void* self, sh_bytes stream, sh_ticket ticket) {
            of(self).note({.name = "tail", .ticket = ticket, .subject = std::string(view(stream))});
        };
        streamcache_.read = [](void* self, sh_bytes stream, const sh_range* range, sh_ticket ticket) {
            of(self).note({.name = "read",
                           .ticket = ticket,
                           .subject = std::string(view(stream)),
                           .from = range->max_entries,
                           .seq = range->from});
        };
        streamcache_.publish = [](void* self, const sh_publish* publish, sh_ticket ticket) {
            of(self).note({.name = "publish",
                           .ticket = ticket,
                           .subject = std::string(view(publish->stream)),
                           .seq = publish->count});
        };
    }

    FakeHost& host_;
    streamhost::Host side_;
    std::set<sh_ticket> unanswered_;
    sh_auth auth_{};
    sh_ratelimit ratelimit_{};
    sh_session session_{};
    sh_recovery recovery_{};
    sh_chat chat_{};
    sh_streamcache streamcache_{};
};

}  // namespace gateway::testing
