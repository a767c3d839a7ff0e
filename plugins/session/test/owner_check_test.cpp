#include "owner_check.hpp"

#include <gtest/gtest.h>

namespace session {
namespace {

using Step = OwnerCheck::Step;

TEST(OwnerCheck, WhoeverNamesAHomeFirstOwnsIt) {
    OwnerCheck check("ann");
    EXPECT_EQ(check.step(), Step::kGet);
    check.answered(SH_NOT_FOUND, "", 0);
    EXPECT_EQ(check.step(), Step::kClaim);
    check.answered(SH_OK, "", kOwnerMs);
    EXPECT_EQ(check.step(), Step::kDone);
    EXPECT_EQ(check.result(), SH_OK);
}

TEST(OwnerCheck, AnOwnerWithMuchLifeLeftCostsOneRead) {
    OwnerCheck check("ann");
    check.answered(SH_OK, "ann", kOwnerMs / 2 + 1);
    EXPECT_EQ(check.step(), Step::kDone);
    EXPECT_EQ(check.result(), SH_OK);
}

TEST(OwnerCheck, AnOldClaimIsRefreshed) {
    OwnerCheck check("ann");
    check.answered(SH_OK, "ann", kOwnerMs / 2);
    EXPECT_EQ(check.step(), Step::kRefresh);
    check.answered(SH_OK, "", kOwnerMs);
    EXPECT_EQ(check.result(), SH_OK);
}

TEST(OwnerCheck, AClaimThatLapsedBeforeItsRefreshIsMadeAnew) {
    OwnerCheck check("ann");
    check.answered(SH_OK, "ann", 5);
    check.answered(SH_NOT_FOUND, "", 0);
    EXPECT_EQ(check.step(), Step::kClaim);
    check.answered(SH_CONFLICT, "bob", kOwnerMs);
    EXPECT_EQ(check.step(), Step::kDone);
    EXPECT_EQ(check.result(), SH_FORBIDDEN);
}

TEST(OwnerCheck, TheLoserOfARaceIsForbidden) {
    OwnerCheck check("bob");
    check.answered(SH_NOT_FOUND, "", 0);
    check.answered(SH_CONFLICT, "ann", kOwnerMs);
    EXPECT_EQ(check.step(), Step::kDone);
    EXPECT_EQ(check.result(), SH_FORBIDDEN);
}

TEST(OwnerCheck, AClaimWhoseAnswerWasLostIsAskedForAgainAndFindsItself) {
    OwnerCheck check("ann");
    check.answered(SH_NOT_FOUND, "", 0);
    check.answered(SH_TIMEOUT, "", 0);
    EXPECT_EQ(check.step(), Step::kClaim);
    check.answered(SH_CONFLICT, "ann", kOwnerMs);
    EXPECT_EQ(check.step(), Step::kDone);
    EXPECT_EQ(check.result(), SH_OK);
}

TEST(OwnerCheck, AnonymousTakesNothingAndIsKeptOutOfWhatIsOwned) {
    OwnerCheck nobodys{std::string(kAnonymous)};
    nobodys.answered(SH_NOT_FOUND, "", 0);
    EXPECT_EQ(nobodys.step(), Step::kDone);
    EXPECT_EQ(nobodys.result(), SH_OK);
    OwnerCheck anns{std::string(kAnonymous)};
    anns.answered(SH_OK, "ann", kOwnerMs);
    EXPECT_EQ(anns.result(), SH_FORBIDDEN);
}

TEST(OwnerCheck, WithoutTheStoreNobodyIsLetIn) {
    OwnerCheck away("ann");
    away.answered(SH_UNAVAILABLE, "", 0);
    EXPECT_EQ(away.result(), SH_UNAVAILABLE);
    OwnerCheck slow("ann");
    for (std::uint32_t step = 0; step < OwnerCheck::kMaxSteps; ++step) {
        ASSERT_NE(slow.step(), Step::kDone);
        slow.answered(SH_TIMEOUT, "", 0);
    }
    EXPECT_EQ(slow.step(), Step::kDone);
    EXPECT_EQ(slow.result(), SH_TIMEOUT);
    OwnerCheck full("ann");
    full.answered(SH_NOT_FOUND, "", 0);
    full.answered(SH_UNAVAILABLE, "", 0);
    EXPECT_EQ(full.result(), SH_UNAVAILABLE);
}

TEST(OwnerCheck, AFailedRefreshDoesNotTurnAnOwnerAway) {
    for (const sh_status status : {SH_UNAVAILABLE, SH_BUSY}) {
        OwnerCheck check("ann");
        check.answered(SH_OK, "ann", 1);
        check.answered(status, "", 0);
        EXPECT_EQ(check.step(), Step::kDone);
        EXPECT_EQ(check.result(), SH_OK) << status;
    }
}

TEST(OwnerCheck, AStoreThatContradictsItselfComesToAnEnd) {
    OwnerCheck check("ann");
    check.answered(SH_OK, "ann", 1);
    for (std::uint32_t step = 1; step < OwnerCheck::kMaxSteps; ++step)
        check.answered(SH_CONFLICT, "ann", 1);
    EXPECT_EQ(check.step(), Step::kDone);
}

}  // namespace
}  // namespace session
