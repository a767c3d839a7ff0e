#include "doubtful_claims.hpp"

#include <gtest/gtest.h>

namespace streamcache {
namespace {

constexpr std::uint64_t kProducer = 7;

TEST(DoubtfulClaims, ThatWereAnsweredLeaveNothing) {
    DoubtfulClaims claims;
    for (const sh_status status : {SH_OK, SH_HELD, SH_ENDED, SH_FORBIDDEN, SH_NOT_FOUND, SH_FULL})
        claims.answered("s.run", kProducer, status, 0);
    EXPECT_EQ(claims.size(), 0u);
    EXPECT_EQ(claims.take("s.run"), std::nullopt);
}

TEST(DoubtfulClaims, AreMadeAgainUnderTheirNumberOnce) {
    for (const sh_status status : {SH_TIMEOUT, SH_UNAVAILABLE, SH_GONE, SH_BUSY}) {
        DoubtfulClaims claims;
        claims.answered("s.run", kProducer, status, 0);
        EXPECT_EQ(claims.take("s.other"), std::nullopt);
        EXPECT_EQ(claims.take("s.run"), kProducer);
        EXPECT_EQ(claims.take("s.run"), std::nullopt) << "two producers would share a fence";
    }
}

TEST(DoubtfulClaims, AreForgottenWhenTheyAreOld) {
    DoubtfulClaims claims;
    claims.answered("s.first", kProducer, SH_TIMEOUT, 0);
    claims.answered("s.second", kProducer, SH_TIMEOUT, 1);
    claims.tick(DoubtfulClaims::kKeptMs);
    EXPECT_EQ(claims.take("s.first"), std::nullopt);
    EXPECT_EQ(claims.take("s.second"), kProducer);
}

TEST(DoubtfulClaims, AreNotMoreThanTheirBound) {
    DoubtfulClaims claims;
    for (std::size_t number = 0; number <= DoubtfulClaims::kMost; ++number)
        claims.answered("s.run" + std::to_string(number), kProducer, SH_TIMEOUT, 0);
    EXPECT_EQ(claims.size(), DoubtfulClaims::kMost);
    EXPECT_EQ(claims.take("s.run0"), kProducer);
}

}  // namespace
}  // namespace streamcache
