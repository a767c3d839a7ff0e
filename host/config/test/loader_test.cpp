#include "config/loader.hpp"

#include <gtest/gtest.h>

#include "config/emit.hpp"
#include "config/test/support.hpp"

namespace streamhost::config {
namespace {

using test::chat_schema;
using test::Folder;

class LoaderTest : public ::testing::Test {
protected:
    Loaded load_text(std::string_view text, Sources sources = {}) {
        sources.files.push_back(folder_.write("s.yaml", text));
        return load(chat_schema(), sources);
    }

    std::string errors(std::string_view text, Sources sources = {}) {
        return folder_.formatted(load_text(text, std::move(sources)).errors);
    }

    static std::string get(const Loaded& loaded, std::string_view path) {
        return loaded.configuration ? View(loaded.configuration).json(path).value : format(loaded.errors);
    }

    Folder folder_;
};

TEST_F(LoaderTest, FillsDefaultsFromNothing) {
    const Loaded loaded = load(chat_schema(), {});
    EXPECT_EQ(get(loaded, "listeners.public.address"), R"("127.0.0.1:8080")");
    EXPECT_EQ(get(loaded, "listeners.public.transports.http.enabled"), "true");
    EXPECT_EQ(get(loaded, "listeners.admin.address"), R"("127.0.0.1:8091")");
    EXPECT_EQ(get(loaded, "listeners.admin.authentication"), R"("none")");
    EXPECT_EQ(get(loaded, "store.kind"), R"("memory")");
    EXPECT_EQ(get(loaded, "plugins.chat.enabled"), "false");
    EXPECT_EQ(get(loaded, "plugins.chat.providers"),
              R"({"echo":{"kind":"echo","delay_ms":20,"options":{}}})");
}

TEST_F(LoaderTest, LaysEnvironmentOverFilesAndArgumentsOverAll) {
    Sources sources;
    sources.files.push_back(
        folder_.write("low.yaml", "plugins: {chat: {max_runs: 2, retry_ms: 2, greeting: low}}\n"));
    sources.files.push_back(folder_.write("high.yaml", "plugins: {chat: {retry_ms: 3, greeting: high}}\n"));
    sources.environment = {"STREAMHOST_PLUGINS__CHAT__GREETING=env", "OTHER__X=1", "STREAMHOST_NODE__ID=env"};
    sources.arguments = {"node.id=arg", "node.id=last"};
    const Loaded loaded = load(chat_schema(), sources);
    EXPECT_EQ(get(loaded, "plugins.chat.max_runs"), "2");
    EXPECT_EQ(get(loaded, "plugins.chat.retry_ms"), "3");
    EXPECT_EQ(get(loaded, "plugins.chat.greeting"), R"("env")");
    EXPECT_EQ(get(loaded, "node.id"), R"("last")");
}

TEST_F(LoaderTest, KeepsTheDefaultEntriesOfAMapBesideWrittenOnes) {
    const Loaded loaded = load_text("listeners: {extra: {address: '[::1]:9000'}}\nplugins:\n  chat:\n");
    EXPECT_EQ(get(loaded, "listeners.public.address"), R"("127.0.0.1:8080")");
    EXPECT_EQ(get(loaded, "listeners.extra.transports.http.enabled"), "true");
    EXPECT_EQ(get(loaded, "plugins.chat.max_runs"), "10");
}

TEST_F(LoaderTest, MatchesEnvironmentNamesToKeys) {
    Sources sources;
    sources.environment = {"STREAMHOST_PLUGINS__CHAT__PROVIDERS__MY_MODEL__DELAY_MS=5s",
                           "STREAMHOST_PLUGINS__CHAT__PROVIDERS__ECHO__DELAY_MS=7",
                           "STREAMHOST_LISTENERS__PUBLIC__ADDRESS=127.0.0.1:1",
                           "STREAMHOST_PLUGINS__CHAT__TAGS=[a, b]"};
    const Loaded loaded = load_text("plugins: {chat: {providers: {My-Model: {kind: openai}}}}", sources);
    EXPECT_EQ(get(loaded, "plugins.chat.providers.My-Model.delay_ms"), "5000");
    EXPECT_EQ(get(loaded, "plugins.chat.providers.echo.delay_ms"), "7");
    EXPECT_EQ(get(loaded, "listeners.public.address"), R"("127.0.0.1:1")");
    EXPECT_EQ(get(loaded, "plugins.chat.tags"), R"(["a","b"])");
}

TEST_F(LoaderTest, LeavesOtherVariablesOfThePrefixAlone) {
    Sources sources;
    sources.environment = {"STREAMHOST_PORT=tcp://10.0.0.1:80", "STREAMHOST_SERVICE_HOST=10.0.0.1"};
    EXPECT_EQ(format(load(chat_schema(), sources).warnings), "");
    sources.environment = {"STREAMHOST_NODE_ID=x"};
    const Loaded loaded = load(chat_schema(), sources);
    EXPECT_EQ(format(loaded.warnings),
              "environment STREAMHOST_NODE_ID: ignored: names are separated by two underscores\n"
              "    next: write STREAMHOST_NODE__ID\n");
    EXPECT_EQ(get(loaded, "node.id"), R"("")");
}

TEST_F(LoaderTest, TellsAllErrorsOfAllSourcesAtOnce) {
    Sources sources;
    sources.environment = {"STREAMHOST_LOGGING__LEVEL=verbose", "STREAMHOST_PLUGINS__CHAT__MAXRUNS=1"};
    sources.arguments = {"plugins.chatt.enabled=true", "limits.connections=many", "nonsense"};
    EXPECT_EQ(errors("node:\n"
                     "  id: a b\n"
                     "listeners:\n"
                     "  public:\n"
                     "    adress: 127.0.0.1:8080\n"
                     "plugins:\n"
                     "  chat:\n"
                     "    max_runs: 1000\n"
                     "    retry_ms: 0.5ms\n"
                     "    enabled: yes\n"
                     "    greeting: 42\n"
                     "    providers:\n"
                     "      mine: {kind: opanai}\n"
                     "      none: {}\n"
                     "    tags: [ok, Bad]\n",
                     sources),
              R"(s.yaml:2:7: node.id: the string "a b" has the wrong form
    allowed: a string of at most 64 characters matching ^[A-Za-z0-9_-]*$
    next: change it there
s.yaml:5:5: listeners.public.adress: unknown key, did you mean "address"?
    allowed: the keys address, unix, tls, proxy_protocol, forwarded_headers, trusted_proxies, transports
    next: correct or remove it
s.yaml:8:15: plugins.chat.max_runs: integer 1000 is above 100
    allowed: an integer from 1 to 100
    next: change it there
s.yaml:9:15: plugins.chat.retry_ms: the string "0.5ms" is no whole number of milliseconds
    allowed: an integer of at least 0 (milliseconds, or a duration like 5s)
    next: change it there
s.yaml:10:14: plugins.chat.enabled: expected true or false, got the string "yes" (in YAML 1.2 that is text)
    allowed: true or false
    next: change it there
s.yaml:11:15: plugins.chat.greeting: expected a string, got integer 42
    allowed: a string from 1 to 20 characters
    next: put it in quotes: "42"
s.yaml:13:20: plugins.chat.providers.mine.kind: the string "opanai" is not one of the choices, did you mean "openai"?
    allowed: one of "echo", "openai"
    next: change it there
s.yaml:14:13: plugins.chat.providers.none.kind: is missing
    allowed: one of "echo", "openai"
    next: add it to this section
s.yaml:15:16: plugins.chat.tags.1: the string "Bad" has the wrong form
    allowed: a string matching ^[a-z]+$
    next: change it there
environment STREAMHOST_LOGGING__LEVEL: logging.level: the string "verbose" is not one of the choices
    allowed: one of "debug", "info", "warn", "error"
    next: change or unset the variable
environment STREAMHOST_PLUGINS__CHAT__MAXRUNS: plugins.chat.maxruns: unknown key, did you mean "max_runs"?
    allowed: the keys enabled, max_runs, retry_ms, greeting, weight, tags, providers
    next: correct or remove it
--set limits.connections: limits.connections: expected an integer, got the string "many"
    allowed: an integer from 1 to 4000000
    next: change the argument
--set nonsense: expected key.path=value
    next: for example --set node.id=a
--set plugins.chatt.enabled: plugins.chatt: no plugin has this name, did you mean "chat"?
    allowed: the keys directory, chat, echo
    next: copy its .so into the plugin directory, or correct or remove the section
)");
}

TEST_F(LoaderTest, TakesTextOfUntypedSourcesAsAStringWhereOneIsDue) {
    Sources sources;
    sources.arguments = {"node.id=007", "plugins.chat.greeting=true", "plugins.chat.weight=1"};
    const Loaded loaded = load(chat_schema(), sources);
    EXPECT_EQ(get(loaded, "node.id"), R"("007")");
    EXPECT_EQ(get(loaded, "plugins.chat.greeting"), R"("true")");
    EXPECT_EQ(get(loaded, "plugins.chat.weight"), "1.0");
    sources.arguments = {"node.id="};
    EXPECT_EQ(get(load(chat_schema(), sources), "node.id"), R"("")");
    sources.arguments = {"plugins.chat.tags=[null]"};
    EXPECT_NE(format(load(chat_schema(), sources).errors).find("expected a string, got no value"),
              std::string::npos);
}

TEST_F(LoaderTest, ExplainsIntegersThatCannotBeOnes) {
    EXPECT_NE(errors("limits: {connections: 010}").find("leading zeros are ambiguous"), std::string::npos);
    EXPECT_NE(errors("limits: {connections: 99999999999999999999}").find("does not fit in 64 bits"),
              std::string::npos);
    EXPECT_NE(errors("limits: {head_bytes: 8K}").find("unknown unit; there are B, KiB"), std::string::npos);
    EXPECT_NE(errors("limits: {connections: 5.0}").find("expected an integer, got number 5.0"),
              std::string::npos);
    EXPECT_NE(errors("limits: {connections: }").find("remove the line to get the default"),
              std::string::npos);
    EXPECT_NE(errors("node.id: x").find("write a dotted path as nested keys"), std::string::npos);
}

TEST_F(LoaderTest, ExpandsReferences) {
    Sources sources;
    sources.environment = {"WORD=hi", "RUNS=7", "EMPTY="};
    const std::string secret = folder_.write("key", "s3cret\n");
    const Loaded loaded = load_text(
        "plugins:\n  chat:\n    greeting: \"${env:WORD} $${x} ${env:EMPTY}!\"\n"
        "    max_runs: ${env:RUNS}\n"
        "    providers: {m: {kind: openai, api_key: \"${file:" +
            secret + "}\"}}\n",
        sources);
    EXPECT_EQ(get(loaded, "plugins.chat.greeting"), R"("hi ${x} !")");
    EXPECT_EQ(get(loaded, "plugins.chat.max_runs"), "7");
    EXPECT_EQ(get(loaded, "plugins.chat.providers.m.api_key"), R"("s3cret")");
}

TEST_F(LoaderTest, ExplainsReferencesThatLeadNowhere) {
    const std::string text = errors(
        "node:\n  id: ${env:NOPE}\nplugins:\n  chat:\n    greeting: ${file:/no/such}\n"
        "    tags: ['${file:rel}', '${what}', '${env:X']\n");
    EXPECT_NE(text.find("s.yaml:2:7: node.id: environment variable \"NOPE\" is not set"), std::string::npos)
        << text;
    EXPECT_NE(text.find("s.yaml:5:15: plugins.chat.greeting: cannot read \"/no/such\": No such file"),
              std::string::npos);
    EXPECT_NE(text.find("plugins.chat.tags.0: path \"rel\" is not absolute"), std::string::npos);
    EXPECT_NE(text.find("plugins.chat.tags.1: unknown reference \"${what}\""), std::string::npos);
    EXPECT_NE(text.find("plugins.chat.tags.2: ${ without }"), std::string::npos);
}

TEST_F(LoaderTest, NeverShowsASecret) {
    Sources sources;
    const std::string secret = folder_.write("key", "hunter2");
    sources.arguments = {"plugins.chat.providers.a={kind: openai, api_key: hunter2}"};
    const std::string text =
        errors("plugins:\n  chat:\n    max_runs: ${file:" + secret + "}\n    weight: x${file:" + secret +
                   "}\n    providers: {b: {kind: openai, api_key: [hunter2]}}\n",
               sources);
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_NE(text.find("expected an integer, got a string (secret, not shown)"), std::string::npos) << text;
    EXPECT_NE(text.find("a secret on the command line"), std::string::npos) << text;
}

TEST_F(LoaderTest, TakesSecretsFromTheCommandLineByReferenceOnly) {
    Sources sources;
    sources.environment = {"KEY=k"};
    sources.arguments = {"plugins.chat.providers.a.kind=openai",
                         "plugins.chat.providers.a.api_key=${env:KEY}"};
    EXPECT_EQ(get(load(chat_schema(), sources), "plugins.chat.providers.a.api_key"), R"("k")");
}

TEST_F(LoaderTest, ExplainsFilesThatCannotBeRead) {
    Sources sources;
    sources.files = {folder_.at("absent.yaml"), folder_.at(".")};
    EXPECT_EQ(
        folder_.formatted(load(chat_schema(), sources).errors),
        ".: cannot be read: not a regular file\n    next: check the path and its rights\n"
        "absent.yaml: cannot be read: No such file or directory\n    next: check the path and its rights\n");
    EXPECT_NE(errors("- a\n").find("s.yaml:1:1: expected a map of keys"), std::string::npos);
}

TEST_F(LoaderTest, EscapesNamesThatATerminalWouldObey) {
    Sources sources;
    sources.files = {folder_.at("a\x1b[2J.yaml")};
    sources.environment = {"STREAMHOST_A__\x1b=1", "STREAMHOST_\xff__X=1"};
    sources.arguments = {"\x1b[31m=1", "node.\xff=1"};
    const std::string text = format(load(chat_schema(), sources).errors);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\xff'), std::string::npos);
    EXPECT_NE(text.find("environment \"STREAMHOST_\\u00ff__X\": not UTF-8 text"), std::string::npos) << text;
    EXPECT_NE(text.find("--set \"\\u001b[31m\": expected key.path=value"), std::string::npos) << text;
}

TEST_F(LoaderTest, PeeksAtAStringDespiteErrors) {
    Sources sources;
    sources.files = {folder_.write("s.yaml", "plugins: {directory: /opt/p, unknown: {x: 1}}\nbogus: 1\n")};
    EXPECT_EQ(peek(sources, "plugins.directory"), "/opt/p");
    sources.arguments = {"plugins.directory=/other"};
    EXPECT_EQ(peek(sources, "plugins.directory"), "/other");
    EXPECT_EQ(peek({}, "plugins.directory"), "");
}

TEST(Load, ATextInPlaceOfAFileShowsNothingThatItRefersTo) {
    Sources sources;
    sources.documents = {{"candidate.yaml", "node: {id: '${env:HOST}'}\nlogging: {level: debug}\n"}};
    sources.environment = {"HOST=a1"};
    const Loaded loaded = load(chat_schema(), sources);
    ASSERT_TRUE(loaded.configuration) << format(loaded.errors);
    EXPECT_EQ(View(loaded.configuration).require_string("node.id"), "a1");
    const std::string shown = to_yaml(loaded.configuration->root(), {.origins = true});
    EXPECT_NE(shown.find("  id: \"(secret)\"  # candidate.yaml:1:12\n"), std::string::npos) << shown;
    EXPECT_NE(shown.find("  level: \"debug\"  # candidate.yaml:2:18\n"), std::string::npos) << shown;
    sources.documents[0].text = "node: {id: '${env:HOST} !'}\n";
    const Loaded wrong = load(chat_schema(), sources);
    ASSERT_EQ(wrong.errors.size(), 1U);
    EXPECT_EQ(format(wrong.errors).find("a1"), std::string::npos) << format(wrong.errors);
}

}  // namespace
}  // namespace streamhost::config
