#include "control/descriptor.hpp"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::control {
namespace {

using testing::ElementsAre;

sh_status create_nothing(const sh_host*, sh_plugin*, sh_error*) { return SH_INTERNAL; }

class Descriptor : public testing::Test {
protected:
    Descriptor() {
        descriptor_.struct_size = sizeof descriptor_;
        descriptor_.name = "sample";
        descriptor_.version = "1.2.3";
        descriptor_.summary = "A sample.";
        entry_.magic = SH_PLUGIN_MAGIC;
        entry_.abi_major = SH_ABI_MAJOR;
        entry_.struct_size = sizeof entry_;
        entry_.descriptor = &descriptor_;
        entry_.create = &create_nothing;
    }
    std::string reason() const { return read_descriptor(entry_).reason; }

    sh_descriptor descriptor_{};
    sh_entry entry_{};
};

TEST_F(Descriptor, IsCopiedOutOfTheLibrary) {
    const char* provided[] = {"a.b/1", "a.b/2", nullptr};
    const char* required[] = {"c/1", nullptr};
    descriptor_.provided_services = provided;
    descriptor_.required_services = required;
    descriptor_.config_schema = R"({"type":"object"})";
    const auto read = read_descriptor(entry_);
    ASSERT_TRUE(read) << read.reason;
    EXPECT_EQ(read->name, "sample");
    EXPECT_THAT(read->provided, ElementsAre("a.b/1", "a.b/2"));
    EXPECT_TRUE(read->provides("a.b/2"));
    EXPECT_TRUE(read->uses("c/1"));
    EXPECT_FALSE(read->uses("a.b/1"));
    EXPECT_EQ(read->config_schema, R"({"type":"object"})");
}

TEST_F(Descriptor, AnyMinorIsAccepted) {
    entry_.abi_minor = 999;
    EXPECT_EQ(reason(), "");
}

TEST_F(Descriptor, LongerStructsAreAccepted) {
    entry_.struct_size += 8;
    descriptor_.struct_size += 8;
    EXPECT_EQ(reason(), "");
}

TEST_F(Descriptor, ShortOnesOfTheFirstReleaseHaveNoFlags) {
    descriptor_.flags = SH_PLUGIN_STOPS_LAST;
    EXPECT_TRUE(read_descriptor(entry_)->stops_last);
    descriptor_.struct_size = 64;
    const auto read = read_descriptor(entry_);
    ASSERT_TRUE(read) << read.reason;
    EXPECT_FALSE(read->stops_last);
}

TEST_F(Descriptor, OlderMajorIsRefused) {
    entry_.abi_major = 0;
    EXPECT_EQ(reason(), "built for ABI major 0, this host speaks 1: build the plugin with an SDK of major 1");
}

TEST_F(Descriptor, ShortStructsAreRefused) {
    entry_.struct_size = 8;
    EXPECT_EQ(reason(), "the entry says struct_size 8, the first release has 40: set it to sizeof(sh_entry)");
    entry_.struct_size = sizeof entry_;
    descriptor_.struct_size = 4;
    EXPECT_EQ(reason(),
              "the descriptor says struct_size 4, the first release has 64: set it to sizeof(sh_descriptor)");
}

TEST_F(Descriptor, MissingPointersAreRefused) {
    entry_.create = nullptr;
    EXPECT_EQ(reason(), "the entry has no create(): point it to the function that makes an instance");
    entry_.descriptor = nullptr;
    EXPECT_EQ(reason(), "the entry has no descriptor: point it to a constant sh_descriptor");
}

TEST_F(Descriptor, TextsAreChecked) {
    descriptor_.version = "1.2";
    EXPECT_EQ(reason(), "the version \"1.2\" is not of the form 1.2.3: correct it in the descriptor");
    descriptor_.version = "1.2.3-rc.1";
    EXPECT_EQ(reason(), "");
    descriptor_.summary = "two\nlines";
    EXPECT_EQ(reason(),
              "the summary is not one line of 1 to 200 bytes: say in a line what the plugin is for");
    descriptor_.name = nullptr;
    EXPECT_EQ(reason(), "the name \"\" does not match [a-z][a-z0-9_-]{0,31}: rename the plugin");
}

TEST_F(Descriptor, ListsWithoutEndAreRefused) {
    std::array<std::string, kMaxServices + 1> ids;
    std::array<const char*, kMaxServices + 2> list{};
    for (std::size_t i = 0; i < ids.size(); ++i)
        list[i] = (ids[i] = "s" + std::to_string(i) + "/1").c_str();
    descriptor_.optional_services = list.data();
    EXPECT_EQ(reason(), "optional_services has more than 64 entries: end the list with NULL");
}

TEST_F(Descriptor, ListsAreChecked) {
    const char* bad[] = {"NoRevision", nullptr};
    const char* twice[] = {"a/1", "a/1", nullptr};
    const char* one[] = {"a/1", nullptr};
    descriptor_.provided_services = bad;
    EXPECT_EQ(reason(),
              "provided_services holds \"NoRevision\": write service ids as \"name.of.service/1\", lower "
              "case, with a "
              "revision");
    descriptor_.provided_services = twice;
    EXPECT_EQ(reason(), "provided_services names a/1 twice: remove one");
    descriptor_.provided_services = one;
    descriptor_.required_services = one;
    EXPECT_EQ(reason(), "it provides a/1 and uses it too: call yourself without a lease");
    descriptor_.provided_services = nullptr;
    descriptor_.optional_services = one;
    EXPECT_EQ(reason(), "a/1 is both required and optional: keep one");
}

TEST_F(Descriptor, SchemaMustDescribeAnObject) {
    descriptor_.config_schema = "[]";
    EXPECT_EQ(reason(), "config_schema is no JSON object: write a JSON Schema with \"type\": \"object\"");
    descriptor_.config_schema = R"({"type":"string"})";
    EXPECT_EQ(
        reason(),
        "config_schema does not describe an object: set \"type\": \"object\" at its top, the section is one");
}

sh_status configure(void*, const sh_config*, sh_error*) { return SH_OK; }
sh_status start(void*, sh_error*) { return SH_OK; }
std::uint32_t drain(void*, std::uint32_t, sh_error*) { return 0; }
void end(void*) {}

TEST(Plugin, MembersBeyondItsSizeReadAsMissing) {
    sh_plugin filled{sizeof filled, 0,   nullptr, configure, start,   drain,
                     end,           end, nullptr, nullptr,   nullptr, nullptr};
    filled.run_task = [](void*, std::uint64_t) {};
    filled.struct_size = offsetof(sh_plugin, run_task);
    const auto read = read_plugin(filled);
    ASSERT_TRUE(read) << read.reason;
    EXPECT_EQ(read->run_task, nullptr);
    EXPECT_EQ(read->start, &start);
}

TEST(Plugin, RequiredFunctionsAreNamed) {
    sh_plugin filled{sizeof filled, 0,   nullptr, configure, start,   nullptr,
                     end,           end, nullptr, nullptr,   nullptr, nullptr};
    EXPECT_EQ(read_plugin(filled).reason, "create() left drain() empty: fill in every member up to destroy");
    filled.struct_size = 16;
    EXPECT_EQ(read_plugin(filled).reason,
              "create() left struct_size 16: keep the one it was given, or set sizeof(sh_plugin)");
}

TEST(ServiceId, HasANameAndARevision) {
    EXPECT_TRUE(is_service_id("streamhost.state-transfer/1"));
    for (const char* bad : {"", "/1", "a", "a/", "a/0", "a/x", "A/1", "1a/1", "a/12345", "a b/1"}) {
        EXPECT_FALSE(is_service_id(bad)) << bad;
    }
}

}  // namespace
}  // namespace streamhost::control
