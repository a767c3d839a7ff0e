#include "app/production.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test/support.hpp"

namespace streamhost::app {
namespace {

using Level = Finding::Level;
using testing::HasSubstr;

// What a node that others depend on looks like; each test spoils one thing.
constexpr std::string_view kSound = R"(
node: {id: gw-1}
listeners:
  public: {address: "127.0.0.1:8080"}
  admin: {address: "127.0.0.1:8091", authentication: required}
store:
  kind: redis-sentinel
  redis: {username: streamhost, password_file: /run/secrets/redis, tls: {enabled: true}}
  sentinel:
    addresses: ["a:26379", "b:26379", "c:26379"]
    username: watcher
    password_file: /run/secrets/sentinel
    tls: {enabled: true}
logging: {format: json}
drain: {window_ms: 15000, exit_within_ms: 30000}
plugins:
  auth:
    enabled: true
    issuer: https://login.example.org
    audiences: [chat]
    require_expiry: true
  gateway: {enabled: true, authentication: required, allowed_origins: ["https://chat.example.org"]}
  ratelimit: {enabled: true, limits: [{by: user, rate: 5/second, burst: 50}]}
  health: {enabled: true}
  chat:
    enabled: true
    provider: model
    providers: {model: {type: openai, base_url: "https://api.example.org/v1", api_key: "${env:KEY}"}}
)";

class Production : public testing::Test {
protected:
    Findings findings(const std::string& over = "", const ProductionFacts& facts = {}) {
        const std::string sound = folder_.write("sound.yaml", kSound);
        const std::string upper = folder_.write("over.yaml", over);
        const std::vector<config::PluginSchema> plugins = {
            {"chat", R"({"type": "object", "additionalProperties": true, "properties": {"providers":
               {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": true,
                "properties": {"api_key": {"type": "string", "x-secret": true}}}}}})"}};
        const auto schema = config::compose(plugins, {.any_plugin = true}).schema;
        const auto loaded = config::load(schema, {{sound, upper}, {"KEY=hunter2"}, {}});
        EXPECT_TRUE(loaded.configuration) << config::format(loaded.errors);
        return production_findings(loaded.configuration, facts);
    }
    static bool is_to_mend(const Finding& finding) {
        return finding.level == Level::kWarning || finding.level == Level::kError;
    }
    // The one finding that is to be mended, as text.
    std::string only(const std::string& over) {
        std::string text;
        for (const Finding& finding : findings(over))
            if (is_to_mend(finding)) text += format(finding);
        return text;
    }

    const config::test::Folder folder_;
};

TEST_F(Production, ASoundNodeHasNothingToMend) {
    for (const Finding& finding : findings()) {
        EXPECT_FALSE(is_to_mend(finding)) << format(finding);
        EXPECT_FALSE(finding.name.empty()) << finding.text;
    }
}

TEST_F(Production, WhatStaysOnThisMachineNeedsNoTls) {
    const std::string near = "['127.0.0.1:1', 'localhost:2', '[::1]:3']";
    const auto sentinels = [](const std::string& addresses) {
        return "store: {sentinel: {tls: {enabled: false}, addresses: " + addresses + "}}";
    };
    EXPECT_EQ(only(sentinels(near)), "");
    EXPECT_THAT(only(sentinels("['127.0.0.1:1', '[::1]:2', '192.0.2.1:3']")),
                HasSubstr("warning: sentinel-tls: "));
    const std::string plain = "store: {redis: {tls: {enabled: false}}, sentinel: {addresses: " + near + "}}";
    EXPECT_THAT(only(plain), HasSubstr("warning: redis-tls: ")) << "where Sentinels send us nobody knows";
    for (const char* address : {"127.0.0.1:6379", "localhost:6379", "[::1]:6379"}) {
        const std::string over = "store: {kind: redis, redis: {tls: {enabled: false}, address: '";
        EXPECT_EQ(only(over + address + "'}}").find("tls"), std::string::npos) << address;
    }
    EXPECT_THAT(only("store: {kind: redis, redis: {tls: {enabled: false}, address: '192.0.2.1:6379'}}"),
                HasSubstr("warning: redis-tls: "));
}

TEST_F(Production, EachMistakeIsNamedWithWhatToDo) {
    struct Case {
        const char* over;
        const char* begins;
    };
    for (const Case& one : {
             Case{"plugins: {gateway: {authentication: none}}", "error: authentication: "},
             Case{"plugins: {gateway: {allowed_origins: ['https://a', '*']}}", "error: origins: "},
             Case{"http: {cors: {allowed_origins: ['https://a', '*']}}", "warning: cors: "},
             Case{"plugins: {auth: {dev_tokens: {enabled: true}}}", "error: dev-tokens: "},
             Case{"listeners: {admin: {authentication: none}}", "warning: admin-tokens: "},
             Case{"plugins: {auth: {issuer: ''}}", "warning: token-claims: "},
             Case{"plugins: {auth: {audiences: []}}", "warning: token-claims: "},
             Case{"plugins: {auth: {require_expiry: false}}", "error: token-expiry: "},
             Case{"plugins: {ratelimit: {enabled: false}}", "error: rate-limits: "},
             Case{"plugins: {ratelimit: {limits: []}}", "warning: rate-limits: "},
             Case{"listeners: {public: {address: '0.0.0.0:80'}}", "warning: exposure: listeners.public "},
             Case{"store: {kind: memory}", "error: store: "},
             Case{"store: {kind: redis}", "warning: store: "},
             Case{"store: {sentinel: {addresses: ['a:1', 'b:1']}}", "warning: store: fewer than three"},
             Case{"store: {redis: {password_file: ''}}", "error: redis-authentication: "},
             Case{"store: {redis: {username: ''}}", "warning: redis-authentication: "},
             Case{"store: {sentinel: {password_file: ''}}", "error: sentinel-authentication: "},
             Case{"store: {redis: {tls: {enabled: false}}}", "warning: redis-tls: "},
             Case{"store: {redis: {tls: {verify: none}}}", "error: redis-tls: "},
             Case{"plugins: {chat: {provider: echo}}", "warning: answers: "},
             Case{"plugins: {chat: {providers: {model: {verify_tls: false}}}}", "error: answers-tls: "},
             Case{"plugins: {chat: {providers: {model: {base_url: 'http://m'}}}}", "warning: answers-tls: "},
             Case{"plugins: {chat: {providers: {model: {api_key: sk-1}}}}",
                  "warning: secrets: plugins.chat.providers.model.api_key stands in "},
             Case{"drain: {exit_within_ms: 14999}", "error: drain: "},
             Case{"drain: {window_ms: 0}", "warning: drain: "},
             Case{"node: {id: ''}", "warning: node-id: "},
             Case{"plugins: {health: {enabled: false}}", "error: health: "},
             Case{"logging: {level: debug}", "warning: logs: "},
             Case{"logging: {format: text}", "warning: logs: "},
             Case{"plugins: {echo: {enabled: true}}", "warning: samples: "},
         }) {
        const std::string text = only(one.over);
        EXPECT_TRUE(text.starts_with(one.begins)) << one.over << ":\n" << text;
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << one.over << ":\n" << text;
        EXPECT_THAT(text, HasSubstr("\n    next: ")) << one.over;
        EXPECT_EQ(text.find("hunter2"), std::string::npos);
        EXPECT_EQ(text.find("sk-1"), std::string::npos);
    }
}

TEST_F(Production, ASecretIsLookedAtInItsFile) {
    namespace fs = std::filesystem;
    const auto with_key = [&](const std::string& secret, fs::perms rights) {
        const std::string file = folder_.write("key", secret);
        fs::permissions(file, rights);
        return only("plugins: {auth: {keys: [{id: a, algorithm: HS256, secret_file: " + file + "}]}}");
    };
    const fs::perms own = fs::perms::owner_read | fs::perms::owner_write;
    EXPECT_EQ(with_key("6f1c0b7d9e2a48350f6b1d7c9a3e5821\n", own), "");
    EXPECT_TRUE(with_key("change-me-0f6b1d7c9a3e582100000000", own).starts_with("error: jwt-secrets: "));
    EXPECT_TRUE(with_key(std::string(40, 'a'), own).starts_with("error: jwt-secrets: "));
    EXPECT_THAT(with_key("6f1c0b7d9e2a48350f6b1d7c9a3e5821", own | fs::perms::others_read),
                HasSubstr("warning: jwt-secrets: "));
}

TEST_F(Production, AListenerThatSpeaksTlsIsForOthers) {
    EXPECT_EQ(only("listeners: {public: {address: '0.0.0.0:443', "
                   "tls: {enabled: true, cert_file: a.pem, key_file: b.pem}}}"),
              "");
}

TEST_F(Production, ACertificateEndsLaterAndItsKeyIsNobodyElses) {
    namespace fs = std::filesystem;
    const std::string key = folder_.write("key.pem", "a key");
    const std::string over =
        "listeners: {public: {tls: {enabled: true, cert_file: a.pem, key_file: " + key + "}}}";
    const auto told = [&](std::int64_t days, fs::perms rights) {
        fs::permissions(key, rights);
        std::string text;
        for (const Finding& finding :
             findings(over, {.now_s = 1'000, .certificates_end_s = {{"public", 1'000 + days * 86'400}}}))
            if (is_to_mend(finding)) text += format(finding);
        return text;
    };
    const fs::perms own = fs::perms::owner_read | fs::perms::owner_write;
    EXPECT_EQ(told(14, own), "");
    EXPECT_THAT(told(13, own),
                HasSubstr("warning: certificates: a.pem (listeners.public.tls) ends in 13 days"));
    EXPECT_THAT(told(14, own | fs::perms::others_read),
                HasSubstr("(listeners.public.tls.key_file) can be read by every user of the machine"));
}

TEST_F(Production, AWorkerIsNotAskedForWhatOnlyAGatewayNeeds) {
    const std::string text = only(R"(
drain: {window_ms: 0}
plugins:
  gateway: {enabled: false}
  ratelimit: {enabled: false}
  chat: {worker: {enabled: true, provider: model}, provider: echo}
)");
    EXPECT_EQ(text, "");
}

TEST_F(Production, TheNameMayComeFromTheEnvironment) {
    const Findings found = findings("node: {id: ''}", {.names_node = true});
    EXPECT_TRUE(std::none_of(found.begin(), found.end(), is_to_mend));
}

TEST_F(Production, WhatNoFileSaysIsLeftToWhoeverReads) {
    const auto left = [&](const std::string& over) {
        std::string names;
        for (const Finding& finding : findings(over)) {
            if (finding.level != Level::kTodo) continue;
            names += finding.name + " ";
            EXPECT_THAT(format(finding), testing::StartsWith("todo: " + finding.name + ": "));
            EXPECT_FALSE(finding.next.empty()) << finding.name;
        }
        return names;
    };
    EXPECT_EQ(left(""), "backups pool-sizes proxy alarms ");
    EXPECT_EQ(left("store: {kind: memory}"), "pool-sizes proxy alarms ") << "there is nothing to copy";
}

}  // namespace
}  // namespace streamhost::app
