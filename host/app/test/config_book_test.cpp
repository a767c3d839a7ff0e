#include "app/config_book.hpp"

#include <gtest/gtest.h>

#include "config/test/support.hpp"

namespace streamhost::app {
namespace {

ConfigBook::Ptr make(const std::vector<std::string>& settings) {
    const auto loaded = config::load(config::test::chat_schema(), {{}, {}, settings});
    EXPECT_TRUE(loaded.configuration) << config::format(loaded.errors);
    return loaded.configuration;
}

std::vector<std::string> waiting(const ConfigBook& book) {
    std::vector<std::string> paths;
    for (const config::Change& change : book.page()->waiting)
        paths.push_back(change.path);
    return paths;
}

std::int64_t connections(const ConfigBook::Ptr& configuration) {
    return config::View(configuration).require_integer("limits.connections");
}

TEST(ConfigBook, BeginsWithOneGenerationThatIsInForce) {
    const ConfigBook book(make({}));
    EXPECT_EQ(book.page()->generation, 1U);
    EXPECT_TRUE(waiting(book).empty());
    EXPECT_TRUE(book.page()->matches_files);
    EXPECT_FALSE(book.page()->can_roll_back);
    EXPECT_EQ(book.previous(), nullptr);
}

TEST(ConfigBook, TellsWhatRunsFromWhatWaits) {
    ConfigBook book(make({"runtime.loops=1"}));
    book.accept(make({"runtime.loops=2", "limits.connections=7"}));
    EXPECT_EQ(book.page()->generation, 2U);
    EXPECT_EQ(waiting(book), (std::vector<std::string>{"runtime.loops"}));
    EXPECT_EQ(connections(book.page()->running), 7);
    EXPECT_EQ(config::View(book.page()->running).require_integer("runtime.loops"), 1);
    book.accept(make({"runtime.loops=1"}));
    EXPECT_TRUE(waiting(book).empty()) << "taken back before the restart that never was";
}

TEST(ConfigBook, APluginHasWhatItTook) {
    const auto first = make({"plugins.chat={enabled: true, greeting: hi}"});
    const auto second = make({"plugins.chat={enabled: true, greeting: ho}"});
    ConfigBook book(first);
    EXPECT_FALSE(book.has_section("chat", *first)) << "it does not run yet";
    book.took("chat");
    book.accept(second);
    EXPECT_EQ(waiting(book), (std::vector<std::string>{"plugins.chat.greeting"}));
    EXPECT_TRUE(book.has_section("chat", *first));
    EXPECT_FALSE(book.has_section("chat", *second));
    book.took("chat");
    EXPECT_TRUE(waiting(book).empty());
    book.accept(first);
    book.left("chat");
    EXPECT_TRUE(waiting(book).empty()) << "nothing runs that could have another one";
}

TEST(ConfigBook, GoesBackAsFarAsItRemembers) {
    ConfigBook book(make({"limits.connections=1"}));
    for (int index = 2; index <= 12; ++index)
        book.accept(make({"limits.connections=" + std::to_string(index)}));
    for (int index = 11; index >= 4; --index) {
        EXPECT_TRUE(book.page()->can_roll_back);
        book.roll_back();
        EXPECT_EQ(connections(book.page()->accepted), index);
    }
    EXPECT_FALSE(book.page()->can_roll_back);
    const std::uint64_t generation = book.page()->generation;
    EXPECT_EQ(generation, 20U) << "each is one of its own, going back too";
    book.roll_back();
    EXPECT_EQ(book.page()->generation, generation);
}

TEST(ConfigBook, APageStaysAsItWasRead) {
    ConfigBook book(make({}));
    const auto before = book.page();
    book.note({"refused", "SIGHUP", "a mistake", 17}, false);
    book.accept(make({"limits.connections=7"}));
    EXPECT_EQ(before->generation, 1U);
    EXPECT_EQ(before->last.state, "started");
    EXPECT_EQ(book.page()->last.reason, "a mistake");
    EXPECT_FALSE(book.page()->matches_files);
}

}  // namespace
}  // namespace streamhost::app
