#include "streamhost/fold.hpp"

#include <string>

#include <gtest/gtest.h>

namespace streamhost {
namespace {

sh_record record(std::uint64_t seq, char type, std::string_view data) {
    return {.seq = seq, .check = seq * 10, .type = static_cast<std::uint32_t>(type), .data = bytes(data)};
}

std::string shape(const Fold& fold) {
    std::string out;
    for (const sh_record& each : fold.records()) {
        out += static_cast<char>(each.type);
        out += std::to_string(each.seq) + "=" + std::string(view(each.data)) + ";";
    }
    return out;
}

TEST(Fold, AdjacentTextIsOneEntryAtThePositionOfItsLastPart) {
    Fold fold;
    const sh_record records[] = {record(1, 't', "Hel"), record(2, 't', "lo"), record(3, 'p', "{}"),
                                 record(4, 't', "!")};
    fold.add(records);
    EXPECT_EQ(shape(fold), "t2=Hello;p3={};t4=!;");
    EXPECT_EQ(fold.at().seq, 4u);
    EXPECT_EQ(fold.at().check, 40u);
}

TEST(Fold, PagesJoinAcrossTheirBorder) {
    Fold fold;
    const sh_record first[] = {record(1, 't', "a")};
    const sh_record second[] = {record(2, 't', "b")};
    fold.add(first);
    fold.add(second);
    EXPECT_EQ(shape(fold), "t2=ab;");
}

TEST(Fold, OfEachRunOnlyTheLastStateIsLeft) {
    Fold fold;
    const sh_record records[] = {
        record(1, 'm', R"({"kind":"message"})"),
        record(2, 'r', R"({"kind":"run","run":"s.a","state":"pending"})"),
        record(3, 'r', R"({"kind":"run","run":"s.b","state":"pending"})"),
        record(4, 'r', R"({"kind":"run","run":"s.a","state":"ended"})"),
    };
    fold.add(records);
    EXPECT_EQ(shape(fold), R"(m1={"kind":"message"};r3={"kind":"run","run":"s.b","state":"pending"};)"
                           R"(r4={"kind":"run","run":"s.a","state":"ended"};)");
}

TEST(Fold, TheEndIsNeverPartOfIt) {
    Fold fold;
    const sh_record records[] = {record(1, 't', "x"), record(2, 'e', R"("outcome":"complete")")};
    fold.add(records);
    EXPECT_EQ(shape(fold), "t1=x;");
    EXPECT_EQ(fold.at().seq, 1u);
}

TEST(Fold, NothingFoldsToNothing) {
    const Fold fold;
    EXPECT_TRUE(fold.records().empty());
    EXPECT_EQ(fold.at().seq, 0u);
}

}  // namespace
}  // namespace streamhost
