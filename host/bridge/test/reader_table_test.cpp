#include "bridge/reader_table.hpp"

#include <string>

#include <gtest/gtest.h>

namespace streamhost::bridge {
namespace {

using delivery::ReaderRef;

sh_connection connection(std::uint64_t loop, std::uint64_t generation, std::uint64_t slot) {
    return loop << 56U | generation << 32U | slot;
}

class ReaderTableTest : public testing::Test {
protected:
    std::string visited() const {
        std::string found;
        readers_.for_each([&](const auto& entry) { found += std::to_string(entry.reader().slot) + " "; });
        return found;
    }
    ReaderTable<std::string> readers_;
};

TEST_F(ReaderTableTest, FindsByEitherName) {
    const sh_connection one = connection(0, 1, 3);
    const sh_connection other = connection(2, 1, 3);
    readers_.open(one, {0, 5, 9});
    readers_.open(other, {2, 6, 9});
    ASSERT_NE(readers_.find(one), nullptr);
    EXPECT_EQ(readers_.find(one)->reader(), (ReaderRef{0, 5, 9}));
    ASSERT_NE(readers_.find(ReaderRef{2, 6, 9}), nullptr);
    EXPECT_EQ(readers_.find(ReaderRef{2, 6, 9})->connection, other);
    EXPECT_EQ(visited(), "5 6 ");
}

TEST_F(ReaderTableTest, KnowsNothingOfOthers) {
    EXPECT_EQ(readers_.find(sh_connection{0}), nullptr);
    EXPECT_EQ(readers_.find(connection(7, 1, 1)), nullptr);
    readers_.open(connection(0, 1, 3), {0, 5, 9});
    for (const sh_connection none : {sh_connection{0}, connection(0, 1, 2), connection(0, 2, 3),
                                     connection(0, 1, 4'000'000'000), connection(1, 1, 3)})
        EXPECT_EQ(readers_.find(none), nullptr) << none;
    for (const ReaderRef none :
         {ReaderRef{0, 5, 8}, ReaderRef{0, 4, 9}, ReaderRef{0, 6, 9}, ReaderRef{1, 5, 9}})
        EXPECT_EQ(readers_.find(none), nullptr) << none.slot;
}

TEST_F(ReaderTableTest, GivesBackWhatWasHeldAndKeepsTheRestOfItsLoop) {
    const sh_connection one = connection(0, 1, 0);
    const sh_connection other = connection(0, 1, 1);
    readers_.open(one, {0, 0, 1});
    readers_.open(other, {0, 1, 2});
    readers_.find(one)->held = std::make_unique<std::string>("its own");
    EXPECT_EQ(*readers_.close(one), "its own");
    EXPECT_EQ(readers_.close(one), nullptr);
    EXPECT_EQ(readers_.find(one), nullptr);
    EXPECT_EQ(readers_.find(ReaderRef{0, 0, 1}), nullptr);
    EXPECT_EQ(readers_.close(other), nullptr) << "it held nothing";
    EXPECT_EQ(visited(), "");
}

// Both slots are given out again, each in its own time.
TEST_F(ReaderTableTest, ASlotThatIsUsedAgainIsSomebodyElse) {
    const sh_connection one = connection(0, 1, 0);
    readers_.open(one, {0, 0, 1});
    (void)readers_.close(one);
    const sh_connection next = connection(0, 2, 0);
    readers_.open(next, {0, 1, 2});
    EXPECT_EQ(readers_.find(ReaderRef{0, 0, 1}), nullptr);
    EXPECT_EQ(readers_.find(one), nullptr);
    const sh_connection third = connection(0, 1, 1);
    readers_.open(third, {0, 0, 3});
    EXPECT_EQ(readers_.find(ReaderRef{0, 0, 3})->connection, third);
    EXPECT_EQ(readers_.find(ReaderRef{0, 1, 2})->connection, next);
}

}  // namespace
}  // namespace streamhost::bridge
