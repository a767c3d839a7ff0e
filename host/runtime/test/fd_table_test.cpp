#include "runtime/fd_table.hpp"

#include <gtest/gtest.h>

namespace streamhost::runtime {
namespace {

class Nothing final : public FdHandler {
public:
    void on_fd(std::uint32_t) override {}
};

TEST(FdTable, AnOldTokenFindsNothingInAReusedSlot) {
    FdTable table;
    Nothing first;
    Nothing second;
    const FdToken old = table.add(5, first);
    table.remove(old);
    const FdToken fresh = table.add(5, second);
    EXPECT_EQ(old.slot, fresh.slot);
    EXPECT_EQ(table.find(old), nullptr);
    ASSERT_NE(table.find(fresh), nullptr);
    EXPECT_EQ(table.find(fresh)->handler, &second);
    table.remove(old);
    EXPECT_EQ(table.size(), 1U);
}

TEST(FdTable, TokensSurvivePacking) {
    const FdToken token{7, 0xfedcba98};
    const FdToken back = FdToken::unpack(token.packed());
    EXPECT_EQ(back.slot, 7U);
    EXPECT_EQ(back.generation, 0xfedcba98U);
}

TEST(FdTable, TheEmptyTokenFindsNothing) {
    FdTable table;
    Nothing handler;
    EXPECT_EQ(table.find({}), nullptr);
    const FdToken token = table.add(1, handler);
    EXPECT_TRUE(token);
    EXPECT_EQ(table.find({token.slot, 0}), nullptr);
    EXPECT_EQ(table.find({token.slot + 1, 1}), nullptr);
}

}  // namespace
}  // namespace streamhost::runtime
