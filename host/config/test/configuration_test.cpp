#include "config/configuration.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "config/diff.hpp"
#include "config/emit.hpp"
#include "config/test/support.hpp"

namespace streamhost::config {
namespace {

using test::chat_schema;
using test::Folder;

std::shared_ptr<const Configuration> make(std::vector<std::string> arguments,
                                          std::vector<std::string> environment = {}) {
    const Loaded loaded = load(chat_schema(), {{}, std::move(environment), std::move(arguments)});
    if (!loaded.configuration) throw std::runtime_error(format(loaded.errors));
    return loaded.configuration;
}

TEST(View, ReadsTypedValuesByPath) {
    const View chat(make({"plugins.chat.greeting=hi", "plugins.chat.weight=0.5"}), "plugins.chat");
    EXPECT_EQ(chat.get_integer("providers.echo.delay_ms").value, 20);
    EXPECT_EQ(chat.get_string("greeting").value, "hi");
    EXPECT_EQ(chat.get_number("weight").value, 0.5);
    EXPECT_EQ(chat.get_number("max_runs").value, 10.0);
    EXPECT_EQ(chat.get_boolean("enabled").status, Lookup::ok);
    EXPECT_FALSE(chat.get_boolean("enabled").value);
}

TEST(View, TellsWhyThereIsNoValue) {
    const View chat(make({}), "plugins.chat");
    EXPECT_EQ(chat.get_string("greeting").status, Lookup::absent);
    EXPECT_EQ(chat.get_string("max_runs").status, Lookup::wrong_type);
    EXPECT_EQ(chat.get_integer("providers.echo.kind").status, Lookup::wrong_type);
    EXPECT_EQ(chat.get_integer("max_runs.x").status, Lookup::absent);
    EXPECT_EQ(chat.get_integer("providers..x").status, Lookup::ill_formed_path);
    EXPECT_EQ(chat.size("max_runs").status, Lookup::wrong_type);
    EXPECT_EQ(chat.key("tags", 0).status, Lookup::absent);
}

TEST(View, WalksMapsAndLists) {
    const View chat(make({"plugins.chat.tags=[a, b]", "plugins.chat.providers.\"x.y\".kind=openai"}),
                    "plugins.chat");
    EXPECT_EQ(chat.size("tags").value, 2U);
    EXPECT_EQ(chat.get_string("tags.1").value, "b");
    EXPECT_EQ(chat.get_string("tags.2").status, Lookup::absent);
    EXPECT_EQ(chat.get_string("tags.-1").status, Lookup::absent);
    EXPECT_EQ(chat.size("providers").value, 2U);
    EXPECT_EQ(chat.key("providers", 0).value, "echo");
    EXPECT_EQ(chat.key("providers", 1).value, "x.y");
    EXPECT_EQ(chat.key("providers", 2).status, Lookup::absent);
    EXPECT_EQ(chat.get_string("providers.\"x.y\".kind").value, "openai");
    EXPECT_EQ(chat.below("providers.echo").get_integer("delay_ms").value, 20);
    EXPECT_EQ(chat.below("nowhere").size("").status, Lookup::absent);
}

TEST(View, HandsAPartOverAsJson) {
    const View chat(
        make({"plugins.chat.providers.m={kind: openai, options: {temperature: 0.5, stop: [a, null]}}"}),
        "plugins.chat");
    EXPECT_EQ(chat.json("providers.m.options").value, R"({"temperature":0.5,"stop":["a",null]})");
}

TEST(View, KeepsItsGenerationAlive) {
    std::string_view greeting;
    auto configuration = make({"plugins.chat.greeting=a text too long"});
    const View view(configuration);
    configuration.reset();
    greeting = view.get_string("plugins.chat.greeting").value;
    EXPECT_EQ(greeting, "a text too long");
}

TEST(View, RequiresWhatTheSchemaPromises) {
    const View host(make({}));
    EXPECT_EQ(host.require_string("store.kind"), "memory");
    EXPECT_EQ(host.require_integer("delivery.memory"), 536870912);
    EXPECT_TRUE(host.require_boolean("listeners.public.transports.websocket.enabled"));
    EXPECT_THROW((void)host.require_string("store.knd"), std::logic_error);
    EXPECT_THROW((void)host.require_integer("store.kind"), std::logic_error);
}

std::string changes(const Configuration& before, const Configuration& after) {
    std::string out;
    for (const Change& change : diff(before, after)) {
        out += (change.plugin.empty() ? "" : '[' + change.plugin + "] ") + format(change) + '\n';
    }
    return out;
}

TEST(Diff, SaysWhatEachChangeCosts) {
    const auto before =
        make({"plugins.chat.tags=[a]", "plugins.chat.greeting=hi", "listeners.old.address=127.0.0.1:1"});
    const auto after = make({"plugins.chat.tags=[a, b]", "plugins.chat.max_runs=20", "logging.level=debug",
                             "node.id=n2", "plugins.echo.enabled=true", "limits.head_timeout_ms=5s"});
    EXPECT_EQ(changes(*before, *after),
              "[chat] plugins.chat.tags: [\"a\"] -> [\"a\",\"b\"] (plugin, --set plugins.chat.tags)\n"
              "[chat] plugins.chat.max_runs: 10 -> 20 (live, --set plugins.chat.max_runs)\n"
              "[chat] plugins.chat.greeting: \"hi\" -> nothing (plugin, --set plugins.chat.greeting)\n"
              "[echo] plugins.echo.enabled: false -> true (plugin, --set plugins.echo.enabled)\n"
              "logging.level: \"info\" -> \"debug\" (live, --set logging.level)\n"
              "node.id: \"\" -> \"n2\" (restart, --set node.id)\n"
              "limits.head_timeout_ms: 10000 -> 5000 (live, --set limits.head_timeout_ms)\n"
              "listeners.old.address: \"127.0.0.1:1\" -> nothing (restart, --set listeners.old.address)\n"
              "listeners.old.unix.mode: \"0660\" -> nothing (restart, default)\n"
              "listeners.old.unix.group: \"\" -> nothing (restart, default)\n"
              "listeners.old.tls.enabled: false -> nothing (restart, default)\n"
              "listeners.old.tls.cert_file: \"\" -> nothing (restart, default)\n"
              "listeners.old.tls.key_file: \"\" -> nothing (restart, default)\n"
              "listeners.old.tls.min_version: \"1.2\" -> nothing (restart, default)\n"
              "listeners.old.proxy_protocol: \"off\" -> nothing (live, default)\n"
              "listeners.old.forwarded_headers: \"x-forwarded\" -> nothing (live, default)\n"
              "listeners.old.trusted_proxies: [] -> nothing (live, default)\n"
              "listeners.old.transports.websocket.enabled: true -> nothing (restart, default)\n"
              "listeners.old.transports.websocket.compression: false -> nothing (restart, default)\n"
              "listeners.old.transports.sse.enabled: true -> nothing (restart, default)\n"
              "listeners.old.transports.http.enabled: true -> nothing (restart, default)\n");
    EXPECT_EQ(changes(*after, *after), "");
}

TEST(Diff, SeesEmptyMapsAndMasksSecrets) {
    const auto one =
        make({"plugins.chat.providers.a={kind: openai, options: {x: {}}, api_key: '${env:K}'}"}, {"K=1"});
    const auto two =
        make({"plugins.chat.providers.a={kind: openai, options: {}, api_key: '${env:K}'}"}, {"K=2"});
    EXPECT_EQ(changes(*one, *two),
              "[chat] plugins.chat.providers.a.options.x: {} -> nothing (plugin, --set "
              "plugins.chat.providers.a)\n"
              "[chat] plugins.chat.providers.a.api_key: \"(secret)\" -> \"(secret)\" (plugin, --set "
              "plugins.chat.providers.a)\n");
}

TEST(Effective, MasksSecretsAndNamesOrigins) {
    const auto configuration =
        make({"plugins.chat.providers.m={kind: openai, api_key: '${env:K}'}"}, {"K=hunter2"});
    const std::string yaml = to_yaml(configuration->root(), {.origins = true});
    EXPECT_EQ(yaml.find("hunter2"), std::string::npos);
    EXPECT_NE(yaml.find("        api_key: \"(secret)\"  # --set plugins.chat.providers.m\n"),
              std::string::npos)
        << yaml;
    EXPECT_NE(yaml.find("    address: \"127.0.0.1:8091\"  # default\n"), std::string::npos) << yaml;
    const std::string json = to_json(configuration->root(), {.origins = true});
    EXPECT_EQ(json.find("hunter2"), std::string::npos);
    EXPECT_NE(json.find(R"("plugins.chat.providers.m.api_key":"--set plugins.chat.providers.m")"),
              std::string::npos);
    EXPECT_EQ(to_yaml(configuration->root()).find('#'), std::string::npos);
}

TEST(Effective, ReadsBackAsTheSameConfiguration) {
    const Folder folder;
    const auto first =
        make({"plugins.chat.greeting=\"no: \\\"x\\\"\\n\"", "plugins.chat.tags=[yes, a]",
              "plugins.chat.providers.m={kind: openai, options: {a: [{b: 1}, [], {}], 'true': 1.0, "
              "'7': '0x1', x y: ~, e: 1e300}}",
              "node.id=007"});
    const std::string file = folder.write("effective.yaml", to_yaml(first->root()));
    const Loaded second = load(chat_schema(), {{file}, {}, {}});
    ASSERT_TRUE(second.configuration) << format(second.errors) << to_yaml(first->root());
    EXPECT_EQ(changes(*first, *second.configuration), "");
}

TEST(ShippedFile, IsValidAndSaysTheDefaults) {
    const std::string path = STREAMHOST_SOURCE_DIR "/config/streamhost.yaml";
    std::vector<PluginSchema> plugins = {{"chat", std::string(test::kChatSchema)}};
    for (const char* name : {"session", "streamcache", "pubsub", "recovery", "health", "gateway", "console",
                             "tracing", "echo"}) {
        plugins.push_back({name, ""});
    }
    const auto schema = compose(plugins).schema;
    const Loaded shipped = load(schema, {{path}, {}, {}});
    ASSERT_TRUE(shipped.configuration) << format(shipped.errors);
    const Loaded bare = load(schema, {});
    for (const Change& change : diff(*bare.configuration, *shipped.configuration)) {
        EXPECT_TRUE(change.path.ends_with(".enabled") && change.after == "true") << format(change);
    }
    EXPECT_FALSE(View(shipped.configuration).require_boolean("plugins.echo.enabled"));
    EXPECT_EQ(View(shipped.configuration).require_integer("plugins.chat.providers.echo.delay_ms"), 20);
}

}  // namespace
}  // namespace streamhost::config
