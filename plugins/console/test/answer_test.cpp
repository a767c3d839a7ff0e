#include "answer.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "entity_tag.hpp"

namespace console {
namespace {

std::string field(const streamhost::HttpResponse& response, std::string_view name) {
    const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                    [name](const auto& header) { return header.first == name; });
    return found == response.headers.end() ? "" : found->second;
}

const Asset kAsset{"/app/main.js", "text/javascript; charset=utf-8", "\"5-a\"", "go();"};

TEST(EntityTag, DependsOnEveryByteAndOnNothingElse) {
    EXPECT_EQ(entity_tag_of(""), "\"0-cbf29ce484222325\"");   // the offset basis of FNV-1a
    EXPECT_EQ(entity_tag_of("a"), "\"1-af63dc4c8601ec8c\"");  // its published test vector
    EXPECT_NE(entity_tag_of("ab"), entity_tag_of("ba"));
    EXPECT_NE(entity_tag_of(std::string_view("a\0", 2)), entity_tag_of("a"));
}

TEST(NamesTag, ComparesWeaklyInALine) {
    EXPECT_TRUE(names_tag("\"a\"", "\"a\""));
    EXPECT_TRUE(names_tag("W/\"a\"", "\"a\""));
    EXPECT_TRUE(names_tag("*", "\"a\""));
    EXPECT_TRUE(names_tag("\"x\", ,W/\"y\" ,\t\"a\"", "\"a\""));
    EXPECT_TRUE(names_tag("\"x, y\",\"a\"", "\"a\"")) << "a comma inside a tag";
    EXPECT_FALSE(names_tag("", "\"a\""));
    EXPECT_FALSE(names_tag("\"b\"", "\"a\""));
    EXPECT_FALSE(names_tag("\"x \"a\"", "\"a\""));
}

TEST(NamesTag, WhatIsNoListNamesNothing) {
    for (const char* field : {"a", "\"a", "\"", "W/", ",,,", "W/*", "b, \"a\"", "**"})
        EXPECT_FALSE(names_tag(field, "\"a\"")) << field;
}

TEST(Answer, HasTheFileItsKindAndTheRulesForTheBrowser) {
    const auto response = answer(kAsset, "");
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.body, "go();");
    EXPECT_EQ(field(response, "Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(field(response, "ETag"), "\"5-a\"");
    EXPECT_EQ(field(response, "Cache-Control"), "no-cache");
    EXPECT_EQ(field(response, "Content-Security-Policy"), kContentSecurityPolicy);
}

TEST(Answer, IsShortWhenTheBrowserHasTheFile) {
    const auto response = answer(kAsset, "\"5-a\"");
    EXPECT_EQ(response.status, 304u);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(field(response, "Content-Type"), "");
    EXPECT_EQ(field(response, "ETag"), "\"5-a\"");
    EXPECT_EQ(field(response, "Content-Security-Policy"), kContentSecurityPolicy);
    EXPECT_EQ(answer(kAsset, "\"4-a\"").status, 200u);
}

// The page says its policy in its own head too, for whoever serves it from elsewhere.
TEST(Policy, IsThePagesOwnAndMore) {
    const auto assets = built_in_assets();
    for (const std::string_view path : {"/", "/console/"}) {
        const auto page = std::find_if(assets.begin(), assets.end(),
                                       [path](const Asset& asset) { return asset.path == path; });
        ASSERT_NE(page, assets.end());
        const std::string_view meta = "http-equiv=\"Content-Security-Policy\"";
        const std::size_t at = page->body.find("content=\"", page->body.find(meta)) + 9;
        const std::string own = page->body.substr(at, page->body.find('"', at) - at);
        EXPECT_EQ(own + "; frame-ancestors 'none'", kContentSecurityPolicy) << path;
    }
}

}  // namespace
}  // namespace console
