#include "admin_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.hpp"
#include "store_key.hpp"

namespace ratelimit {
namespace {

using namespace testing;
using ::testing::HasSubstr;

TEST(ForgottenOfPath, NamesAnOwner) {
    const auto user = forgotten_of_path("/admin/v1/ratelimit/user/ann%20b%2Fc");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->by, By::kUser);
    EXPECT_EQ(user->key, "ann b/c");
    const auto address = forgotten_of_path("/admin/v1/ratelimit/address/2001:db8::/64");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->by, By::kAddress);
    EXPECT_EQ(address->key, "2001:db8::/64");
    for (const char* path :
         {"/admin/v1/ratelimit/", "/admin/v1/ratelimit/user", "/admin/v1/ratelimit/user/",
          "/admin/v1/ratelimit/planet/earth", "/admin/v1/ratelimit/user/a%2", "/other/user/ann"})
        EXPECT_FALSE(forgotten_of_path(path)) << path;
}

TEST(Show, TellsLimitsAndTheMostRefused) {
    Settings with =
        settings({local(By::kUser, {500 * kMs, 1}, bit(SH_RATE_SEND)), global(By::kNode, {kSecond, 40})});
    with.connections.per_user = 7;
    Bench bench(with);
    bench.takes(sends("a\"b"), 3);
    bench.takes({SH_RATE_SEND, {}, std::string_view("\xff\xfe", 2), {}}, 3);
    bench.moment.now_ns += 30 * kMs;
    bench.moment.nodes = 3;
    const std::string body = show(bench.limiter, bench.moment);
    EXPECT_THAT(body,
                HasSubstr(R"({"by":"user","verbs":["send"],"rate":"2/second","burst":1,"scope":"local"})"));
    EXPECT_THAT(body, HasSubstr(R"("scope":"global","batch":10})"));
    EXPECT_THAT(body, HasSubstr(R"("connections":{"now":0,"per_address":0,"per_user":7,"node":0})"));
    EXPECT_THAT(body, HasSubstr(R"({"by":"user","key":"a\"b","refused":2,"maybe_less":0,"last_ms":30})"));
    EXPECT_THAT(body, HasSubstr(R"x("key":"(not UTF-8)")x"));
    EXPECT_THAT(body, HasSubstr(R"("store_away":false,"nodes":3)"));
}

TEST(StoreKey, IsTheSameOnAllNodesAndOneForEachLimitAndOwner) {
    const Limit limit = global(By::kUser, per_second(10, 20), bit(SH_RATE_SEND));
    EXPECT_EQ(store_key(limit, "ann", {}), "user:16:100000000:20:ann");
    Limit other = limit;
    other.rate.burst = 21;
    EXPECT_NE(store_key(other, "ann", {}), store_key(limit, "ann", {}));
    const Limit by_address = global(By::kAddress, per_second(10, 20));
    EXPECT_EQ(store_key(by_address, address_key("2001:db8::1", {}), {}),
              "address:126:100000000:20:2001:db8::/64");
}

TEST(StoreKey, FitsIntoAStoresName) {
    const Limit limit = global(By::kUser, per_second(10, 20));
    const std::string name(256, 'x');
    EXPECT_LE(store_key(limit, name, {}).size(), 256u);
    EXPECT_NE(store_key(limit, name, {}), store_key(limit, name.substr(1), {}));
    for (const char* odd : {"a{b", "a}b", "a\nb", "a\x7f"}) {
        const std::string key = store_key(limit, odd, {});
        EXPECT_EQ(key.find_first_of("{}\n\x7f"), std::string::npos) << odd;
        EXPECT_THAT(key, HasSubstr(":#"));
    }
}

}  // namespace
}  // namespace ratelimit
