#include "config/yaml_reader.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "config/emit.hpp"
#include "config/path.hpp"

namespace streamhost::config {
namespace {

struct Outcome {
    std::optional<Value> value;
    Issues issues;

    [[nodiscard]] std::string errors() const { return format(issues); }
    [[nodiscard]] std::string json() const { return value ? to_json(*value) : "nothing"; }
};

Outcome read(std::string_view text, const YamlLimits& limits = {}) {
    Outcome outcome;
    outcome.value = read_yaml(text, std::make_shared<const std::string>("f.yaml"), outcome.issues, limits);
    return outcome;
}

TEST(YamlReader, ReadsTypesOfTheCoreSchema) {
    const Outcome outcome =
        read("a: 1\nb: yes\nc: true\nd: 1.5\ne: '7'\nf:\ng: 0x1F\nh: 0o17\ni: ~\nj: -3\nk: 1e3\n");
    EXPECT_EQ(outcome.errors(), "");
    EXPECT_EQ(
        outcome.json(),
        R"({"a":1,"b":"yes","c":true,"d":1.5,"e":"7","f":null,"g":31,"h":15,"i":null,"j":-3,"k":1000.0})");
}

TEST(YamlReader, NeverChangesAnIntegerSilently) {
    const Outcome outcome =
        read("a: 007\nb: 9223372036854775807\nc: 9223372036854775808\nd: .inf\ne: 1e999\n");
    EXPECT_EQ(outcome.json(),
              R"({"a":"007","b":9223372036854775807,"c":"9223372036854775808","d":".inf","e":"1e999"})");
}

TEST(YamlReader, RemembersWhereEachValueStands) {
    const Outcome outcome = read("a:\n  b: [x,\n      y]\n");
    ASSERT_TRUE(outcome.value);
    EXPECT_EQ(find_path(*outcome.value, "a.b.1").value->origin.text(), "f.yaml:3:7");
    EXPECT_EQ(outcome.value->object()->front().origin.text(), "f.yaml:1:1");
}

TEST(YamlReader, GivesAliasesTheContentAndPlaceOfTheirAnchor) {
    const Outcome outcome = read("a: &x {k: 1}\nb: *x\n");
    EXPECT_EQ(outcome.json(), R"({"a":{"k":1},"b":{"k":1}})");
    EXPECT_EQ(find_path(*outcome.value, "b.k").value->origin.text(), "f.yaml:1:11");
}

TEST(YamlReader, ReportsEveryDuplicateKeyWithBothPlaces) {
    const Outcome outcome = read("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n");
    EXPECT_EQ(outcome.errors(),
              "f.yaml:4:3: b: duplicate key \"c\", first given at f.yaml:3:3\n    next: keep one of the two\n"
              "f.yaml:5:1: duplicate key \"a\", first given at f.yaml:1:1\n    next: keep one of the two\n");
}

TEST(YamlReader, RefusesKeysThatAreNoNames) {
    EXPECT_NE(read("<<: {a: 1}\n").errors().find("merge keys"), std::string::npos);
    EXPECT_NE(read("\"a\\\"b\": 1\n").errors().find("cannot be a key"), std::string::npos);
    EXPECT_NE(read("? [a]\n: 1\n").errors().find("a map or a list cannot be a key"), std::string::npos);
    EXPECT_NE(read("~: 1\n").errors().find("cannot be empty or null"), std::string::npos);
    EXPECT_NE(read("a: &k x\n*k : 1\n").errors().find("an alias cannot be a key"), std::string::npos);
}

TEST(YamlReader, RefusesTagsAndSecondDocuments) {
    EXPECT_EQ(read("a: !!str 42\n").json(), R"({"a":"42"})");
    EXPECT_NE(read("a: !!binary aGk=\n").errors().find("f.yaml:1:4: a: tag"), std::string::npos);
    EXPECT_NE(read("a: 1\n---\nb: 2\n").errors().find("a second document"), std::string::npos);
}

TEST(YamlReader, TellsTheLineOfASyntaxError) {
    const Outcome outcome = read("a: 1\nb: [1, 2\nc: 3\n");
    EXPECT_FALSE(outcome.value);
    EXPECT_EQ(outcome.issues.size(), 1U);
    EXPECT_EQ(outcome.errors().substr(0, 7), "f.yaml:");
    EXPECT_NE(outcome.errors().find("not YAML: "), std::string::npos);
}

TEST(YamlReader, ASyntaxErrorShowsNoControlCharacterOfTheFile) {
    const std::string errors = read("a: \"\\\x1b[2J\"\n").errors();
    EXPECT_NE(errors.find("not YAML: "), std::string::npos);
    EXPECT_NE(errors.find("\\u001b"), std::string::npos) << errors;
    EXPECT_EQ(errors.find('\x1b'), std::string::npos);
}

TEST(YamlReader, RefusesTextThatIsNotUtf8) {
    EXPECT_NE(read("a: \xff\n").errors().find("not UTF-8"), std::string::npos);
    EXPECT_NE(read(std::string_view("a: \0b\n", 6)).errors().find("not UTF-8"), std::string::npos);
    EXPECT_NE(read("\xff\xfe").errors().find("not UTF-8"), std::string::npos);
}

TEST(YamlReader, BoundsDepthAlsoThroughAliases) {
    YamlLimits limits;
    limits.depth = 4;
    EXPECT_EQ(read("[[[[1]]]]", limits).errors(), "");
    EXPECT_NE(read("[[[[[1]]]]]", limits).errors().find("nested deeper than 4"), std::string::npos);
    EXPECT_NE(read("a: &x [[1]]\nb: [[*x]]\n", limits).errors().find("nested deeper than 4"),
              std::string::npos);
}

TEST(YamlReader, BoundsWhatAliasesMultiplyTo) {
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int level = 1; level < 10; ++level) {
        const std::string below = "*a" + std::to_string(level - 1);
        laughs += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + below;
        for (int copy = 1; copy < 10; ++copy)
            laughs += ", " + below;
        laughs += "]\n";
    }
    EXPECT_NE(read(laughs).errors().find("too much content"), std::string::npos);
}

TEST(YamlReader, RefusesAnAliasInsideItsOwnAnchor) {
    EXPECT_NE(read("a: &x [*x]\n").errors().find("alias inside the value"), std::string::npos);
}

TEST(YamlReader, BoundsTheLengthOfAFile) {
    YamlLimits limits;
    limits.bytes = 8;
    EXPECT_EQ(read("a: 12345", limits).errors(), "");
    EXPECT_NE(read("a: 123456", limits).errors().find("longer than 8 bytes"), std::string::npos);
}

TEST(YamlReader, TakesAnEmptyFileAsNothing) {
    EXPECT_EQ(read("").json(), "null");
    EXPECT_EQ(read("# only a comment\n").json(), "null");
}

std::string inline_json(std::string_view text) {
    Issues issues;
    const Origin origin{SourceKind::command_line, std::make_shared<const std::string>("k"), 0, 0};
    const auto value = read_inline(text, origin, issues);
    return value ? to_json(*value) : format(issues);
}

TEST(InlineValue, IsAPlainScalarUnlessItLooksLikeFlow) {
    EXPECT_EQ(inline_json("12"), "12");
    EXPECT_EQ(inline_json("a: b #c"), R"("a: b #c")");
    EXPECT_EQ(inline_json("*x"), R"("*x")");
    EXPECT_EQ(inline_json("\"12\""), R"("12")");
    EXPECT_EQ(inline_json("[1, a]"), R"([1,"a"])");
    EXPECT_EQ(inline_json("[::1]:6379"), R"("[::1]:6379")");
    EXPECT_EQ(inline_json("[fe80::1%eth0]:80"), R"("[fe80::1%eth0]:80")");
    EXPECT_EQ(inline_json("['[::1]:80', '[::2]:80']"), R"(["[::1]:80","[::2]:80"])");
    EXPECT_EQ(inline_json("{a: {b: 1}}"), R"({"a":{"b":1}})");
    EXPECT_NE(inline_json("[1").find("--set k: a map or a list cannot be a key (or a bracket is not closed)"),
              std::string::npos);
    EXPECT_NE(inline_json("[::1, ::2]:80").find("--set k: "), std::string::npos);
}

}  // namespace
}  // namespace streamhost::config
