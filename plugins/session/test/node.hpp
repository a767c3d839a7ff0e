// One node: the plugin on a fake host, and its service as a caller has it.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "fake_cluster.hpp"
#include "session_plugin.hpp"

namespace session::testing {

using streamhost::testing::FakeConfig;

inline constexpr std::int64_t kHeartbeat = 10'000;
inline constexpr std::int64_t kTtl = 30'000;

struct Answer {
    int count = 0;
    sh_status status = SH_OK;
    std::uint64_t number = 0;
    std::uint64_t here = 0;
    std::string body;
    std::string detail;
};

class Node {
public:
    Node(FakeCluster& cluster, const std::string& name, std::int64_t heartbeat_ms = kHeartbeat) {
        cluster.attach(host, name);
        plugin = &host.create<SessionPlugin>();
        FakeConfig config;
        config.set("heartbeat_ms", heartbeat_ms).set("ttl_ms", 3 * heartbeat_ms);
        EXPECT_EQ(host.configure(config), SH_OK) << host.error.text;
        EXPECT_EQ(host.start(), SH_OK) << host.error.text;
        table = host.provided<sh_session>(SH_SVC_SESSION, &self);
        host.run();
    }
    sh_ticket ticket(Answer& answer) {
        return host.ticket([&answer](const sh_result& result) {
            ++answer.count;
            answer.status = result.status;
            answer.number = result.count;
            answer.here = result.last;
            answer.detail = result.detail;
            if (result.body != nullptr) answer.body.assign(result.body->data, result.body->size);
        });
    }
    template <typename Function, typename... Arguments>
    Answer ask(Function sh_session::*function, Arguments... arguments) {
        Answer answer;
        (table->*function)(self, arguments..., ticket(answer));
        host.run();
        EXPECT_EQ(answer.count, 1);
        return answer;
    }
    void post_join(Answer& answer, sh_connection id, const std::string& session, const std::string& user,
                   std::uint32_t flags = 0) {
        const sh_session_join join{sizeof(join), flags, id, bytes(session), bytes(user), bytes("web/1")};
        table->join(self, &join, ticket(answer));
    }
    Answer join(sh_connection id, const std::string& session, const std::string& user = "ann",
                std::uint32_t flags = 0) {
        Answer answer;
        post_join(answer, id, session, user, flags);
        host.run();
        EXPECT_EQ(answer.count, 1);
        return answer;
    }
    Answer check_owner(const std::string& session, const std::string& user) {
        return ask(&sh_session::check_owner, bytes(session), bytes(user));
    }
    Answer list(const std::string& user = "") { return ask(&sh_session::list, bytes(user)); }
    Answer count() { return ask(&sh_session::count); }
    Answer connections(const std::string& session) { return ask(&sh_session::connections, bytes(session)); }
    Answer kick(const std::string& session) { return ask(&sh_session::kick, bytes(session)); }
    void leave(sh_connection id) {
        table->leave(self, id);
        host.run();
    }

    FakeHost host;
    SessionPlugin* plugin = nullptr;
    const sh_session* table = nullptr;
    void* self = nullptr;
};

}  // namespace session::testing
