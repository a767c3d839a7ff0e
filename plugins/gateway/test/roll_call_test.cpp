// A session registry that knows nobody any more is told of everybody.
#include "roll_call.hpp"

#include "fixture.hpp"

namespace gateway {
namespace {

using gateway::testing::Call;
using gateway::testing::GatewayPlugin;

class GatewayRollCall : public GatewayPlugin {
protected:
    // Who is asked about now.
    sh_connection answer(sh_status status) {
        const Call call = services.take("join");
        EXPECT_EQ(call.subject, "trip");
        EXPECT_EQ(call.user, "anonymous");
        services.answer(call, status);
        return call.connection;
    }
    void wait() { host.advance(RollCall::kPeriodMs); }
};

TEST_F(GatewayRollCall, ARegistryThatKnowsTheOldestIsAskedForNobodyElse) {
    const sh_connection first = join();
    const sh_connection second = join();
    for (int round = 0; round < 3; ++round) {
        wait();
        EXPECT_EQ(answer(SH_CONFLICT), first);
        EXPECT_EQ(services.count("join"), 0u);
    }
    sockets.leave(first);
    wait();
    EXPECT_EQ(answer(SH_CONFLICT), second);
    EXPECT_EQ(peer(second).close_code, 0u);
}

TEST_F(GatewayRollCall, ARegistryThatForgotIsToldOneAfterTheOther) {
    const std::vector<sh_connection> clients = {join(), join(), join()};
    wait();
    for (const sh_connection client : clients) {
        EXPECT_EQ(services.count("join"), 1u);
        EXPECT_EQ(answer(SH_OK), client);
    }
    EXPECT_EQ(answer(SH_CONFLICT), clients[0]);
    EXPECT_EQ(services.count("join"), 0u);
    for (const sh_connection client : clients)
        EXPECT_EQ(peer(client).frames.size(), 1u) << "clients hear nothing of it";
}

TEST_F(GatewayRollCall, WhoCameToTheNewRegistryByItselfIsKnownThere) {
    const sh_connection old = join();
    const sh_connection fresh = join();
    wait();
    EXPECT_EQ(answer(SH_OK), old);
    EXPECT_EQ(answer(SH_CONFLICT), fresh);
    EXPECT_EQ(services.count("join"), 0u);
    // Now `fresh` registered before `old`: the next registry is asked for it first.
    wait();
    EXPECT_EQ(answer(SH_OK), fresh);
    EXPECT_EQ(answer(SH_OK), old);
    EXPECT_EQ(answer(SH_CONFLICT), fresh);
}

TEST_F(GatewayRollCall, WhileTheRegistryIsAwayItIsAskedOnceAPeriod) {
    const sh_connection client = join();
    host.withdraw(SH_SVC_SESSION);
    wait();
    wait();
    EXPECT_EQ(services.count("join"), 0u);
    EXPECT_EQ(peer(client).close_code, 0u);
    host.offer(SH_SVC_SESSION, services.session(), &services);
    wait();
    EXPECT_EQ(answer(SH_TIMEOUT), client);
    EXPECT_EQ(services.count("join"), 0u);
    wait();
    EXPECT_EQ(answer(SH_OK), client);
}

TEST_F(GatewayRollCall, WhoMayNoLongerBeInTheSessionIsClosed) {
    const sh_connection first = join();
    const sh_connection second = join();
    wait();
    EXPECT_EQ(answer(SH_FORBIDDEN), first);
    EXPECT_EQ(peer(first).close_code, 4403u);
    EXPECT_EQ(answer(SH_CONFLICT), second);
}

TEST_F(GatewayRollCall, OneThatCannotBeToldDoesNotStopTheOthers) {
    const sh_connection first = join();
    const sh_connection second = join();
    wait();
    EXPECT_EQ(answer(SH_INTERNAL), first);
    EXPECT_EQ(services.count("join"), 0u);
    wait();
    EXPECT_EQ(answer(SH_OK), second);
}

TEST_F(GatewayRollCall, AnAnswerAboutOneThatLeftIsNoAnswer) {
    const sh_connection first = join();
    const sh_connection second = join();
    wait();
    const Call call = services.take("join");
    EXPECT_EQ(call.connection, first);
    sockets.leave(first);
    host.run();
    services.answer(call, SH_GONE);
    EXPECT_EQ(answer(SH_CONFLICT), second);
}

}  // namespace
}  // namespace gateway
