#include "app/http_settings.hpp"

#include <initializer_list>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using config::Value;

Value of(Value::Data data) {
    Value value;
    value.data = std::move(data);
    return value;
}

Value object(std::initializer_list<std::pair<std::string, Value>> members) {
    Value::Object object;
    for (const auto& [name, value] : members)
        object.push_back({name, {}, value});
    return of(std::move(object));
}

Value list(std::initializer_list<std::string> texts) {
    Value::Array items;
    for (const std::string& text : texts)
        items.push_back(of(text));
    return of(std::move(items));
}

config::Configuration with(Value headers, Value cors) {
    return {nullptr,
            object({{"http", object({{"headers", std::move(headers)}, {"cors", std::move(cors)}})}})};
}

config::Issues issues_of_header(const std::string& name) {
    return http_issues(with(
        object({{name, of(std::string("x"))}, {"X-Frame-Options", of(std::string("DENY"))}}), object({})));
}

TEST(HttpSettings, AreReadAsTheyStand) {
    const auto policy = http_policy(with(
        object({{"X-Frame-Options", of(std::string("SAMEORIGIN"))}, {"Referrer-Policy", of(std::string())}}),
        object({{"allowed_origins", list({"https://a.example", "https://b.example"})},
                {"methods", list({"GET", "POST"})},
                {"headers", list({"Authorization"})},
                {"exposed_headers", list({})},
                {"max_age_ms", of(std::int64_t{90'000})},
                {"credentials", of(true)}})));
    ASSERT_EQ(policy->headers.size(), 1U) << "an empty one is not sent";
    EXPECT_EQ(policy->headers[0].second, "SAMEORIGIN");
    EXPECT_EQ(policy->cors.origins.size(), 2U);
    EXPECT_EQ(policy->cors.methods, "GET, POST");
    EXPECT_EQ(policy->cors.headers, "Authorization");
    EXPECT_EQ(policy->cors.exposed, "");
    EXPECT_EQ(policy->cors.max_age_s, 90U);
    EXPECT_TRUE(policy->cors.credentials);
}

TEST(HttpSettings, NamesThatBelongToOthersAreRefused) {
    EXPECT_TRUE(issues_of_header("Strict-Transport-Security").empty());
    for (const char* name : {"Content-Length", "transfer-encoding", "Date", "Access-Control-Allow-Origin",
                             "a b", "", "X-Frame-Options:", "x-frame-options"}) {
        const auto issues = issues_of_header(name);
        ASSERT_EQ(issues.size(), 1U) << name;
        EXPECT_EQ(issues[0].path, std::string("http.headers.") + name);
    }
}

TEST(HttpSettings, NothingHasALineEnd) {
    EXPECT_EQ(http_issues(with(object({{"X-Two", of(std::string("a\n"))}}), object({}))).size(), 1U);
    EXPECT_EQ(http_issues(with(object({}), object({{"headers", list({"X-A\n"})}}))).size(), 1U);
    EXPECT_EQ(
        http_issues(with(object({}), object({{"allowed_origins", list({"https://a.example\n"})}}))).size(),
        1U);
}

TEST(HttpSettings, CredentialsAreNeverForAll) {
    const auto issues_of = [](Value origins, bool credentials) {
        return http_issues(with(
            object({}), object({{"allowed_origins", std::move(origins)}, {"credentials", of(credentials)}})));
    };
    EXPECT_TRUE(issues_of(list({"*"}), false).empty());
    EXPECT_TRUE(issues_of(list({"https://a.example"}), true).empty());
    EXPECT_EQ(issues_of(list({"*"}), true).size(), 1U);
    EXPECT_EQ(issues_of(list({"*", "https://a.example"}), false).size(), 1U);
}

}  // namespace
}  // namespace streamhost::app
