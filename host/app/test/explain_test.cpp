#include "app/explain.hpp"

#include <sstream>

#include <Poco/JSON/Parser.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Poco::JSON::Object::Ptr object(const std::string& text) {
    return Poco::JSON::Parser().parse(text).extract<Poco::JSON::Object::Ptr>();
}

std::string entry(const std::string& more = "", int fence = 7) {
    return R"({"stream":"trip.r","seq":3,"type":"text","check":"00ff","bytes":5,"at_ms":1700000000123,"fence":)" +
           std::to_string(fence) + R"(,"owned":true,"state":"complete","first":1,"last":9)" + more + "}";
}

NodeTold node(const std::string& entry_text, const std::string& readers) {
    NodeTold told{.url = "http://here:1", .entry = {}, .readers = {}};
    if (!entry_text.empty()) told.entry = object(entry_text);
    if (!readers.empty()) told.readers = object(readers);
    return told;
}

const std::string kNobody = R"({"node":"n2","last":0,"readers":[],"finished":[]})";

TEST(Explanation, SaysWhoWroteItAndWhen) {
    const std::string claimed =
        R"(,"claimed":{"node":"ai-1","at_ms":1699999999000,"producer":"this process"})";
    const std::string text = explanation_text(
        "trip.r", 3, {node(entry(), kNobody), node(entry(claimed), R"({"node":"ai-1","last":0})")});
    EXPECT_THAT(text, HasSubstr("stream trip.r, entry 3 of 9 (complete)\n"));
    EXPECT_THAT(text, HasSubstr("text, 5 bytes, check 00ff, appended 2023-11-14T22:13:20.123Z"));
    EXPECT_THAT(text, HasSubstr("written by node ai-1 itself, which holds fence 7 since "
                                "2023-11-14T22:13:19.000Z\n"));
}

TEST(Explanation, SaysWhatNobodyKnows) {
    EXPECT_THAT(explanation_text("trip.r", 3, {node(entry(), kNobody)}),
                HasSubstr("fence 7, which none of the nodes that were asked remembers"));
    EXPECT_THAT(explanation_text("trip", 3, {node(entry("", 0), kNobody)}),
                HasSubstr("who wrote it is not kept"));
    NodeTold away{.url = "http://away:1", .entry = {}, .readers = {}, .entry_problem = "Connection refused"};
    const std::string text = explanation_text("trip.r", 3, {away});
    EXPECT_THAT(text, HasSubstr("no node that was asked has it"));
    EXPECT_THAT(text, HasSubstr("node at http://away:1: not known: Connection refused"));
    EXPECT_THAT(text, HasSubstr("not known: nodes that were not asked"));
}

TEST(Explanation, SaysWhichReadersGotIt) {
    const std::string readers =
        R"({"node":"n1","last":5,"readers":[{"connection":"11","state":"live"},{"connection":"12","state":"replays"}],)"
        R"("finished":[{"connection":"13","seq":9,"at_ms":1700000000000},{"connection":"14","seq":2,"at_ms":1}]})";
    const std::string text = explanation_text("trip.r", 3, {node(entry(), readers)});
    EXPECT_THAT(text, HasSubstr("node n1 at http://here:1: had it: it stands at 5\n"));
    EXPECT_THAT(text, HasSubstr("connection 11: live, was given the entry"));
    EXPECT_THAT(text, HasSubstr("connection 12: replays, has not been given all"));
    EXPECT_THAT(text, HasSubstr("connection 13: got everything to 9 by 2023-11-14T22:13:20.000Z\n"));
    EXPECT_THAT(text,
                HasSubstr("connection 14: got everything to 2 by 1970-01-01T00:00:00.001Z, not this entry"));
    EXPECT_THAT(explanation_text("trip.r", 8, {node(entry(), readers)}), HasSubstr("has not got it yet"));
}

TEST(Explanation, WritesNothingRawToATerminal) {
    const std::string readers = R"({"node":"n\u001b[2J","last":0,"readers":[],"finished":[]})";
    EXPECT_THAT(explanation_text("trip.r", 3, {node(entry(), readers)}), Not(HasSubstr("\x1b")));
}

TEST(Explanation, AsJsonHasWhatEachNodeSaid) {
    NodeTold away{
        .url = "http://away:1", .entry = {}, .readers = {}, .entry_problem = "no", .readers_problem = "no"};
    const auto read = object(explanation_json("trip.r", 3, {node(entry(), kNobody), away}));
    EXPECT_TRUE(read->getValue<bool>("found"));
    EXPECT_EQ(read->getArray("nodes")->size(), 2u);
    EXPECT_EQ(read->getArray("nodes")->getObject(0)->getObject("entry")->getValue<int>("fence"), 7);
    EXPECT_EQ(read->getArray("nodes")->getObject(1)->getValue<std::string>("entry_problem"), "no");
    EXPECT_FALSE(object(explanation_json("trip.r", 3, {away}))->getValue<bool>("found"));
}

TEST(Explain, OfANodeThatIsAwayFails) {
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(explain({.stream = "trip.r", .seq = 3, .urls = {"http://127.0.0.1:1"}}, out, err), 1);
    EXPECT_THAT(err.str(), HasSubstr("http://127.0.0.1:1"));
    EXPECT_EQ(explain({.stream = "a", .seq = 1, .urls = {"http://127.0.0.1:1"}, .token_file = "/nowhere"},
                      out, err),
              1);
    EXPECT_THAT(err.str(), HasSubstr("/nowhere: no token can be read from it"));
}

}  // namespace
}  // namespace streamhost::app
