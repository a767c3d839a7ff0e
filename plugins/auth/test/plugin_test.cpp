// The plugin as its host and its callers see it.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "streamhost/testing/fake_http.hpp"

#include "auth_plugin.hpp"
#include "fake_store.hpp"
#include "signer.hpp"

namespace auth {
namespace {

using streamhost::bytes;
using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHttp;
using testing::FakeHost;
using testing::FakeStore;
using testing::hs256;
using testing::kSecret;

struct Answer {
    int count = 0;
    sh_status status = SH_OK;
    std::string body;
    std::string detail;
};

class AuthPluginTest : public ::testing::Test {
protected:
    AuthPluginTest() {
        folder_ = std::filesystem::temp_directory_path() / ("auth-test-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        write("secret", kSecret);
        store.attach(host, "n1");
        config.set("keys.0.id", "h")
            .set("keys.0.algorithm", "HS256")
            .set("keys.0.secret_file", path("secret"));
        host.create<AuthPlugin>();
    }
    ~AuthPluginTest() override {
        host.destroy();
        std::filesystem::remove_all(folder_);
    }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    void start() {
        ASSERT_EQ(host.configure(config), SH_OK) << host.error.text;
        ASSERT_EQ(host.start(), SH_OK) << host.error.text;
        table = host.provided<sh_auth>(SH_SVC_AUTH, &self);
        host.run();
    }
    void post(const std::string& token, Answer& answer) {
        table->authenticate(self, bytes(token), host.ticket([&answer](const sh_result& result) {
            ++answer.count;
            answer.status = result.status;
            answer.detail = result.detail;
            if (result.body != nullptr) answer.body.assign(result.body->data, result.body->size);
        }));
    }
    Answer ask(const std::string& token) {
        Answer answer;
        post(token, answer);
        host.run();
        EXPECT_EQ(answer.count, 1);
        return answer;
    }
    double counted(const std::string& result) {
        return host.metric_values["auth_total{result=" + result + "}"];
    }
    [[nodiscard]] bool ended(const char* user, const char* key, std::int64_t issued_ms,
                             const char* claims = "") const {
        const sh_auth_mark mark{sizeof(mark), 0,         bytes(user),  bytes(""),
                                bytes(key),   issued_ms, bytes(claims)};
        return table->has_ended(self, &mark) != 0;
    }
    // Nothing that was signed or is secret is anywhere that somebody reads.
    void expect_nothing_leaked(const std::vector<std::string>& secrets) const {
        for (const auto& line : host.lines)
            for (const std::string& secret : secrets) {
                EXPECT_EQ(line.text.find(secret), std::string::npos) << line.text;
                for (const auto& [name, value] : line.fields)
                    EXPECT_EQ(value.find(secret), std::string::npos) << value;
            }
    }

    FakeStore store;
    FakeHost host;
    FakeHttp http{host};
    FakeConfig config;
    const sh_auth* table = nullptr;
    void* self = nullptr;

private:
    std::filesystem::path folder_;
};

const std::string kAnn =
    hs256(R"({"alg":"HS256","kid":"h"})", R"({"sub":"ann","iat":1699999999,"exp":1700000600})");

TEST_F(AuthPluginTest, AnswersAndCounts) {
    start();
    EXPECT_EQ(host.metric_values.count("auth_total{result=revoked}"), 1u) << "a rate of zero is a line";
    EXPECT_EQ(host.metric_values["auth_keys"], 1);
    const Answer good = ask(kAnn);
    EXPECT_EQ(good.status, SH_OK);
    EXPECT_EQ(
        good.body,
        R"({"user":"ann","id":"","key":"h","issued_ms":1699999999000,"expires_ms":1700000630000,"grants":["read:@own","send:@own"],"claims":"{\"exp\":1700000600.000}"})");
    EXPECT_EQ(ask(kAnn).body, good.body);
    EXPECT_EQ(counted("ok"), 1);
    EXPECT_EQ(counted("cached"), 1);
    const Answer forged = ask(kAnn.substr(0, kAnn.size() - 2) + "AA");
    EXPECT_EQ(forged.status, SH_UNAUTHENTICATED);
    EXPECT_EQ(forged.detail, "the token's signature is wrong");
    EXPECT_EQ(ask(std::string(kMaxTokenBytes + 1, 'x')).status, SH_UNAUTHENTICATED);
    EXPECT_EQ(ask("").detail, "this is no token that can be read");
    EXPECT_EQ(counted("malformed"), 2);
    host.advance(700'000);
    EXPECT_EQ(ask(kAnn).detail, "the token has expired");
    EXPECT_EQ(host.metric_values["auth_outliving_tokens_total"], 0);
    expect_nothing_leaked({kAnn, std::string(kSecret), kAnn.substr(kAnn.rfind('.') + 1)});
}

TEST_F(AuthPluginTest, ItsQueueIsBounded) {
    config.set("queue", std::int64_t{2});
    start();
    Answer answers[3];
    for (int index = 0; index < 3; ++index)
        post(kAnn + std::to_string(index), answers[index]);
    host.run();
    EXPECT_EQ(answers[2].status, SH_BUSY);
    EXPECT_EQ(answers[1].status, SH_UNAUTHENTICATED);
    EXPECT_EQ(counted("busy"), 1);
    EXPECT_EQ(ask(kAnn).status, SH_OK) << "the queue is empty again";
}

TEST_F(AuthPluginTest, RefusesASectionWithoutAKeyThatCanBeUsed) {
    FakeConfig none;
    EXPECT_EQ(host.configure(none), SH_INVALID);
    EXPECT_NE(std::string(host.error.text).find("no key is named"), std::string::npos);
    write("secret", "short-secret");
    EXPECT_EQ(host.configure(config), SH_INVALID);
    EXPECT_NE(std::string(host.error.text).find("at least 32 bytes"), std::string::npos);
    EXPECT_EQ(std::string(host.error.text).find("short-secret"), std::string::npos);
    FakeConfig wrong;
    wrong.set("keys.0.id", "r").set("keys.0.algorithm", "RS256").set("keys.0.secret_file", path("secret"));
    EXPECT_EQ(host.configure(wrong), SH_INVALID);
    EXPECT_NE(std::string(host.error.text).find("RS256 needs public_key_file"), std::string::npos);
    config.set("grants_claim", "sub");
    EXPECT_EQ(host.configure(config), SH_INVALID);
}

TEST_F(AuthPluginTest, TakesKeysThatChangeAndKeepsTheLastGoodOnes) {
    start();
    EXPECT_EQ(ask(kAnn).status, SH_OK);
    const std::uint64_t before = table->revision(self);
    write("secret", "broken-secret");
    host.advance(3'000);
    EXPECT_EQ(ask(kAnn).status, SH_OK);
    EXPECT_EQ(host.health["keys"], static_cast<std::uint32_t>(SH_HEALTH_DEGRADED));
    EXPECT_EQ(host.metric_values["auth_key_failures_total"], 1) << "once, not each second";
    EXPECT_EQ(table->revision(self), before);
    const std::string next(40, 'n');
    write("secret", next);
    host.advance(2'000);
    EXPECT_EQ(host.health["keys"], static_cast<std::uint32_t>(SH_HEALTH_OK));
    EXPECT_GT(table->revision(self), before);
    EXPECT_TRUE(ended("ann", "h", 1'699'999'999'000));
    EXPECT_EQ(ask(kAnn).detail, "the token's signature is wrong");
    EXPECT_EQ(ask(hs256(R"({"alg":"HS256","kid":"h"})", R"({"sub":"ann","exp":1700000600})", next)).status,
              SH_OK);
    expect_nothing_leaked({"broken-secret", next});
}

TEST_F(AuthPluginTest, ARunningOneTakesAnotherSectionOrStaysAsItWas) {
    start();
    EXPECT_EQ(ask(kAnn).status, SH_OK);
    config.set("audiences.0", "chat");
    EXPECT_EQ(host.configure(config), SH_OK) << host.error.text;
    EXPECT_EQ(ask(kAnn).detail, "the token is for another audience");
    config.set("keys.0.secret_file", path("missing"));
    EXPECT_EQ(host.configure(config), SH_INVALID);
    EXPECT_NE(std::string(host.error.text).find("missing: No such file"), std::string::npos);
    EXPECT_EQ(ask(kAnn).detail, "the token is for another audience");
    config.set("keys.0.secret_file", path("secret")).set("dev_tokens.enabled", true);
    EXPECT_EQ(host.configure(config), SH_NEEDS_RESTART);
}

TEST_F(AuthPluginTest, JudgesNobodyBeforeTheRevocationsWereReadUnlessTold) {
    store.is_away = true;
    start();
    EXPECT_EQ(ask(kAnn).status, SH_UNAVAILABLE);
    EXPECT_EQ(counted("unavailable"), 1);
    host.advance(3'000);
    EXPECT_EQ(host.health["revocations"], static_cast<std::uint32_t>(SH_HEALTH_DEGRADED));
    config.set("revocation", "best_effort");
    EXPECT_EQ(host.configure(config), SH_OK);
    EXPECT_EQ(ask(kAnn).status, SH_OK);
    config.set("revocation", "required");
    EXPECT_EQ(host.configure(config), SH_OK);
    EXPECT_EQ(ask(kAnn).status, SH_UNAVAILABLE);
    store.is_away = false;
    host.advance(1'000);
    EXPECT_EQ(ask(kAnn).status, SH_OK);
    store.is_away = true;
    host.advance(10'000);
    EXPECT_EQ(ask(kAnn).status, SH_OK) << "what was read once stays known";
}

TEST_F(AuthPluginTest, OtherRulesEndWhatTheyWouldNotLetIn) {
    constexpr std::int64_t kIssued = 1'699'999'999'000;
    constexpr const char* kClaims = R"({"iss":"https://id","aud":["chat","mail"],"exp":1700000600.000})";
    config.set("issuer", "https://id").set("audiences.0", "chat");
    start();
    const std::uint64_t before = table->revision(self);
    EXPECT_FALSE(ended("ann", "h", kIssued, kClaims));
    config.set("audiences.0", "mail");
    EXPECT_EQ(host.configure(config), SH_OK);
    EXPECT_GT(table->revision(self), before);
    EXPECT_FALSE(ended("ann", "h", kIssued, kClaims)) << "it is for both";
    config.set("audiences.0", "jobs");
    EXPECT_EQ(host.configure(config), SH_OK);
    EXPECT_TRUE(ended("ann", "h", kIssued, kClaims));
    EXPECT_FALSE(ended("ann", "h", kIssued)) << "of an identity that does not say nothing is known";
    config.set("audiences.0", "chat").set("max_token_age_ms", std::int64_t{500});
    EXPECT_EQ(host.configure(config), SH_OK);
    EXPECT_FALSE(ended("ann", "h", kIssued, kClaims)) << "with the leeway";
    EXPECT_TRUE(ended("ann", "h", kIssued - 40'000, kClaims));
    config.set("max_token_age_ms", std::int64_t{0}).set("issuer", "https://other");
    EXPECT_EQ(host.configure(config), SH_OK);
    EXPECT_TRUE(ended("ann", "h", kIssued, kClaims));
    EXPECT_TRUE(ended("ann", "h", kIssued, "no json"));
}

TEST_F(AuthPluginTest, HearsOfWhatOthersRevoke) {
    start();
    EXPECT_EQ(ask(kAnn).status, SH_OK);
    RevocationList list;
    (void)list.merge({Revocation::Names::kUser, "ann", 1'700'000'000'000, 1'700'000'600'000, 1, false, ""});
    store.keys["streamhost.auth.revocations"] = list.write();
    const std::uint64_t before = table->revision(self);
    host.advance(1'000);
    EXPECT_GT(table->revision(self), before);
    EXPECT_TRUE(ended("ann", "h", 1'699'999'999'000));
    EXPECT_FALSE(ended("ann", "h", 1'700'000'000'000));
    EXPECT_FALSE(ended("bob", "h", 0));
    EXPECT_EQ(ask(kAnn).detail, "the token was revoked");
    FakeHttp::Request request;
    request.path = "/admin/v1/auth/revocations";
    request.listener = SH_LISTENER_ADMIN;
    const auto shown = http.ask(request);
    EXPECT_EQ(shown.status, 200u);
    EXPECT_NE(shown.body.find(R"("total":1)"), std::string::npos);
    EXPECT_NE(shown.body.find(R"("user":"ann")"), std::string::npos);
    request.listener = SH_LISTENER_PUBLIC;
    EXPECT_EQ(http.ask(request).status, 404u);
}

TEST_F(AuthPluginTest, GivesDevelopmentTokensOnlyWhenSwitchedOn) {
    start();
    FakeHttp::Request request;
    request.method = "POST";
    request.path = "/v1/dev-token";
    request.body = R"({"user":"ann"})";
    EXPECT_EQ(http.ask(request).status, 404u);
    EXPECT_EQ(host.metric_values["auth_dev_tokens"], 0);
    EXPECT_TRUE(host.lines.empty());
}

TEST_F(AuthPluginTest, DevelopmentTokensAreTokens) {
    FakeConfig only;
    only.set("dev_tokens.enabled", true);
    config.set("dev_tokens.enabled", true);
    ASSERT_EQ(host.configure(only), SH_OK) << "they need no other key";
    start();
    EXPECT_EQ(host.metric_values["auth_dev_tokens"], 1);
    EXPECT_EQ(host.health["dev_tokens"], static_cast<std::uint32_t>(SH_HEALTH_OK));
    ASSERT_FALSE(host.lines.empty());
    EXPECT_EQ(host.lines.front().level, static_cast<std::uint32_t>(SH_LOG_WARN));
    FakeHttp::Request request;
    request.method = "POST";
    request.path = "/v1/dev-token";
    request.body = R"({"user":"ann","grants":["admin:*"]})";
    const auto response = http.ask(request);
    ASSERT_EQ(response.status, 200u) << response.body;
    const std::size_t begin = response.body.find("\"token\":\"") + 9;
    const std::string token = response.body.substr(begin, response.body.find('"', begin) - begin);
    const Answer good = ask(token);
    EXPECT_EQ(good.status, SH_OK) << good.detail;
    EXPECT_NE(good.body.find(R"("grants":["admin:*"])"), std::string::npos);
    EXPECT_NE(good.body.find(R"("key":"dev-)"), std::string::npos);
    request.headers["host"] = "evil.example:8080";
    EXPECT_NE(http.ask(request).status, 200u) << "a page whose name leads here";
    request.headers["host"] = "localhost:8080";
    request.headers[":authority"] = "chat.example";
    EXPECT_NE(http.ask(request).status, 200u) << "a proxy that gives its own name";
    request.headers[":authority"] = "localhost:8080";
    EXPECT_EQ(http.ask(request).status, 200u);
    request.body = R"({"user":"anonymous"})";
    EXPECT_NE(http.ask(request).status, 200u);
    expect_nothing_leaked({token});
}

TEST_F(AuthPluginTest, DevelopmentTokensMayBeSignedByAFile) {
    write("dev", std::string(40, 'd'));
    config.set("dev_tokens.enabled", true).set("dev_tokens.secret_file", path("dev"));
    start();
    const std::string token =
        hs256(R"({"alg":"HS256","kid":"dev"})", R"({"sub":"bob","exp":1700000600})", std::string(40, 'd'));
    EXPECT_EQ(ask(token).status, SH_OK);
}

}  // namespace
}  // namespace auth
