#include "config/schema.hpp"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

#include "config/compose.hpp"
#include "config/emit.hpp"
#include "config/json_schema.hpp"
#include "config/path.hpp"
#include "config/test/support.hpp"
#include "config/validator.hpp"

namespace streamhost::config {
namespace {

std::string faults(std::string_view json) {
    Issues issues;
    const auto schema = parse_schema(json, "schema of plugin x", {}, issues);
    EXPECT_EQ(schema.has_value(), issues.empty());
    return format(issues);
}

bool says(std::string_view json, std::string_view part) {
    return faults(json).find(part) != std::string::npos;
}

TEST(Schema, RefusesWhatItWouldNotCheck) {
    EXPECT_TRUE(says(R"({"type": "object", "oneOf": []})", "oneOf: keyword is not supported"));
    EXPECT_TRUE(says(R"({"type": "strng"})", "unknown type \"strng\""));
    EXPECT_TRUE(says(R"({"type": ["string"]})", "type: expected a string"));
    EXPECT_TRUE(says(R"({"type": "string", "minimum": 1})", "minimum: belongs to type integer or number"));
    EXPECT_TRUE(says(R"({"type": "string", "x-unit": "ms"})", "x-unit: belongs to type integer"));
    EXPECT_TRUE(says(R"({"type": "integer", "x-unit": "s"})", "expected \"bytes\" or \"ms\""));
    EXPECT_TRUE(says(R"({"type": "integer", "x-reload": "later"})", "expected \"live\", \"plugin\""));
    EXPECT_TRUE(says(R"({"type": "string", "pattern": "("})", "not a regular expression"));
    EXPECT_TRUE(says(R"({"type": "object", "required": ["a"]})", "requires \"a\", not a property"));
    EXPECT_TRUE(says(R"({"type": "integer", "minimum": 2, "maximum": 1})", "minimum is above maximum"));
    EXPECT_TRUE(says(R"({"type": "integer", "maximum": 5, "default": 6})", "default: integer 6 is above 5"));
    EXPECT_TRUE(says(R"({"type": "string", "enum": []})", "expected at least one value"));
    EXPECT_TRUE(says(R"({"type": "object", "properties": {"a": 1}})", "properties.a: expected a schema"));
    EXPECT_TRUE(says(R"({"type": "string", "minLength": -1})", "expected an integer from 0"));
    EXPECT_TRUE(says("{", "not JSON"));
    EXPECT_TRUE(says("[]", "expected a schema (an object)"));
}

TEST(Schema, TellsAllFaultsWithTheirSource) {
    EXPECT_EQ(faults(R"({"type": "object", "properties": {"a": {"type": "x"}, "b": {"bogus": 1}}})"),
              "schema of plugin x: properties.a.type: unknown type \"x\"\n"
              "    next: correct the schema and build it anew\n"
              "schema of plugin x: properties.b.bogus: keyword is not supported\n"
              "    next: correct the schema and build it anew\n");
}

TEST(Schema, HandsReloadAndSecretDown) {
    Issues issues;
    const auto schema = parse_schema(R"({"type": "object", "x-reload": "live", "properties": {
        "a": {"type": "string"},
        "b": {"type": "object", "x-secret": true, "properties": {"c": {"type": "string", "x-reload": "restart"}}}
    }})",
                                     "x", {Reload::plugin, false}, issues);
    ASSERT_TRUE(schema) << format(issues);
    EXPECT_EQ(schema->property("a")->reload, Reload::live);
    EXPECT_FALSE(schema->property("a")->secret);
    EXPECT_EQ(schema->property("b")->property("c")->reload, Reload::restart);
    EXPECT_TRUE(schema->property("b")->property("c")->secret);
}

TEST(Schema, AcceptsUnitsInDefaults) {
    Issues issues;
    const auto schema =
        parse_schema(R"({"type": "integer", "x-unit": "bytes", "default": "1MiB"})", "x", {}, issues);
    ASSERT_TRUE(schema) << format(issues);
    EXPECT_EQ(to_json(*schema->fallback), "1048576");
}

TEST(Schema, BoundsAreExactAtTheEdgeOf64Bits) {
    Issues issues;
    const auto schema =
        parse_schema(R"({"type": "integer", "maximum": 9223372036854775806})", "x", {}, issues);
    ASSERT_TRUE(schema);
    Value value;
    value.data = std::int64_t{9223372036854775806};
    validate(*schema, value, issues);
    EXPECT_EQ(format(issues), "");
    value.data = std::int64_t{9223372036854775807};
    validate(*schema, value, issues);
    EXPECT_NE(format(issues).find("is above 9223372036854775806"), std::string::npos) << format(issues);
}

TEST(Schema, CountsCharactersNotBytes) {
    Issues issues;
    const auto schema = parse_schema(R"({"type": "string", "maxLength": 2})", "x", {}, issues);
    Value value;
    value.data = std::string("\xC3\xA4\xE2\x82\xAC");
    validate(*schema, value, issues);
    EXPECT_EQ(format(issues), "");
}

TEST(Schema, PatternsSeeALineEndAtTheEnd) {
    Issues issues;
    const auto schema = parse_schema(R"({"type": "string", "pattern": "^[a-z]+$"})", "x", {}, issues);
    Value value;
    value.data = std::string("abc\n");
    validate(*schema, value, issues);
    EXPECT_EQ(issues.size(), 1U);
}

TEST(Schema, PatternsThatExplodeAreRefusedInBoundedTime) {
    Issues issues;
    const auto schema = parse_schema(R"({"type": "string", "pattern": "^(a|a)*$"})", "x", {}, issues);
    Value value;
    value.data = std::string(1000, 'a') + "b";
    validate(*schema, value, issues);
    EXPECT_EQ(issues.size(), 1U);
}

TEST(Compose, KeepsGoodPluginsBesideABadOne) {
    const std::vector<PluginSchema> plugins = {
        {"good", R"({"type": "object"})"},
        {"bad", R"({"type": "obj"})"},
        {"scalar", R"({"type": "string"})"},
        {"greedy", R"({"type": "object", "properties": {"enabled": {}}})"},
        {"directory", ""},
        {"broken", "", true}};
    const Composed composed = compose(plugins);
    EXPECT_EQ(composed.refused, (std::vector<std::string>{"bad", "scalar", "greedy", "directory"}));
    const std::string issues = format(composed.issues);
    EXPECT_NE(issues.find("schema of plugin bad: type: unknown type"), std::string::npos) << issues;
    EXPECT_NE(issues.find("schema of plugin scalar: must be of type object"), std::string::npos);
    EXPECT_NE(issues.find("declares \"enabled\""), std::string::npos);
    EXPECT_NE(issues.find("schema of plugin directory: the name is taken"), std::string::npos);
    const Loaded loaded = load(composed.schema, {{}, {}, {"plugins.broken.any.thing=1", "plugins.bad.x=y"}});
    EXPECT_EQ(format(loaded.errors), "");
    EXPECT_NE(load(composed.schema, {{}, {}, {"plugins.good.x=1"}}).errors.size(), 0U);
}

TEST(CoreSchema, IsValidAndDescribed) {
    Issues issues;
    const auto core = parse_schema(core_schema_text(), "core schema", {}, issues);
    ASSERT_TRUE(core) << format(issues);
    for (const Property& section : core->properties) {
        for (const Property& key : section.schema.properties) {
            if (key.schema.type == Type::object) continue;
            EXPECT_FALSE(key.schema.description.empty()) << section.name << '.' << key.name;
            EXPECT_TRUE(key.schema.fallback.has_value()) << section.name << '.' << key.name;
        }
    }
}

TEST(CoreSchema, NamesUnitsWhereTheKeysDo) {
    Issues issues;
    const auto core = parse_schema(core_schema_text(), "core schema", {}, issues);
    for (const Property& section : core->properties) {
        for (const Property& key : section.schema.properties) {
            const Unit unit = key.name.ends_with("_ms")      ? Unit::milliseconds
                              : key.name.ends_with("_bytes") ? Unit::bytes
                                                             : key.schema.unit;
            EXPECT_EQ(key.schema.unit, unit) << key.name;
        }
    }
}

Poco::JSON::Object::Ptr part(const Poco::JSON::Object::Ptr& json, const std::string& path) {
    Poco::JSON::Object::Ptr at = json;
    const auto names = split_path(path);
    for (const std::string& name : *names) {
        at = at->getObject(name);
        if (at.isNull()) throw std::runtime_error("no " + path);
    }
    return at;
}

TEST(JsonSchema, SaysWhatTheLoaderAccepts) {
    Poco::JSON::Parser parser;
    const auto json = parser.parse(to_json_schema(*test::chat_schema())).extract<Poco::JSON::Object::Ptr>();
    EXPECT_EQ(json->getValue<std::string>("$schema"), "https://json-schema.org/draft/2020-12/schema");
    EXPECT_FALSE(json->getValue<bool>("additionalProperties"));
    const auto retry = part(json, "properties.plugins.properties.chat.properties.retry_ms");
    EXPECT_EQ(retry->getArray("type")->getElement<std::string>(0), "integer");
    EXPECT_EQ(retry->getArray("type")->getElement<std::string>(1), "string");
    EXPECT_EQ(retry->getValue<std::string>("x-unit"), "ms");
    EXPECT_EQ(retry->getValue<std::string>("x-reload"), "plugin");
    EXPECT_EQ(retry->getValue<int>("default"), 250);
    const auto provider =
        part(json, "properties.plugins.properties.chat.properties.providers.additionalProperties");
    EXPECT_TRUE(part(provider, "properties.api_key")->getValue<bool>("x-secret"));
    EXPECT_EQ(provider->getArray("required")->getElement<std::string>(0), "kind");
    const auto kind = part(provider, "properties.kind");
    EXPECT_EQ(kind->getArray("anyOf")->getObject(0)->getArray("enum")->getElement<std::string>(1), "openai");
    EXPECT_EQ(part(provider, "properties.options.additionalProperties")->has("type"), false);
}

TEST(JsonSchema, KeepsTheOrderOfTheSchema) {
    const std::string text = to_json_schema(*test::chat_schema());
    EXPECT_LT(text.find("\"node\""), text.find("\"listeners\""));
    EXPECT_LT(text.find("\"listeners\""), text.find("\"drain\""));
    EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace streamhost::config
