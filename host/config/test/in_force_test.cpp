#include "config/in_force.hpp"

#include <gtest/gtest.h>

#include "config/diff.hpp"
#include "config/test/support.hpp"

namespace streamhost::config {
namespace {

using test::chat_schema;

std::shared_ptr<const Configuration> make(const std::vector<std::string>& settings) {
    const Loaded loaded = load(chat_schema(), {{}, {}, settings});
    EXPECT_TRUE(loaded.configuration) << format(loaded.errors);
    return loaded.configuration;
}

// What still waits, as paths.
std::string waiting(const std::shared_ptr<const Configuration>& started,
                    const std::shared_ptr<const Configuration>& accepted, const Sections& sections) {
    std::string out;
    for (const Change& change : diff(in_force(*started, accepted, sections), *accepted))
        out += change.path + ": " + (change.before.empty() ? "nothing" : change.before) + " -> " +
               (change.after.empty() ? "nothing" : change.after) + '\n';
    return out;
}

TEST(InForce, IsEverythingRightAfterTheStart) {
    const auto first = make({"node.id=a", "plugins.chat.enabled=true"});
    EXPECT_EQ(waiting(first, first, {{"chat", first}}), "");
}

TEST(InForce, WhatCostsARestartStaysAsItWas) {
    const auto first = make({"node.id=a", "listeners.old.address=127.0.0.1:1", "logging.level=info"});
    const auto second = make({"node.id=b", "listeners.new.address=127.0.0.1:2",
                              "logging={level: debug, format: json}", "limits.connections=7"});
    EXPECT_EQ(waiting(first, second, {}),
              "node.id: \"a\" -> \"b\"\n"
              "listeners.new.address: nothing -> \"127.0.0.1:2\"\n"
              "listeners.new.unix.mode: nothing -> \"0660\"\n"
              "listeners.new.unix.group: nothing -> \"\"\n"
              "listeners.new.tls.enabled: nothing -> false\n"
              "listeners.new.tls.cert_file: nothing -> \"\"\n"
              "listeners.new.tls.key_file: nothing -> \"\"\n"
              "listeners.new.tls.min_version: nothing -> \"1.2\"\n"
              "listeners.new.proxy_protocol: nothing -> \"off\"\n"
              "listeners.new.forwarded_headers: nothing -> \"x-forwarded\"\n"
              "listeners.new.trusted_proxies: nothing -> []\n"
              "listeners.new.transports.websocket.enabled: nothing -> true\n"
              "listeners.new.transports.websocket.compression: nothing -> false\n"
              "listeners.new.transports.sse.enabled: nothing -> true\n"
              "listeners.new.transports.http.enabled: nothing -> true\n"
              "listeners.old.address: \"127.0.0.1:1\" -> nothing\n"
              "listeners.old.unix.mode: \"0660\" -> nothing\n"
              "listeners.old.unix.group: \"\" -> nothing\n"
              "listeners.old.tls.enabled: false -> nothing\n"
              "listeners.old.tls.cert_file: \"\" -> nothing\n"
              "listeners.old.tls.key_file: \"\" -> nothing\n"
              "listeners.old.tls.min_version: \"1.2\" -> nothing\n"
              "listeners.old.proxy_protocol: \"off\" -> nothing\n"
              "listeners.old.forwarded_headers: \"x-forwarded\" -> nothing\n"
              "listeners.old.trusted_proxies: [] -> nothing\n"
              "listeners.old.transports.websocket.enabled: true -> nothing\n"
              "listeners.old.transports.websocket.compression: false -> nothing\n"
              "listeners.old.transports.sse.enabled: true -> nothing\n"
              "listeners.old.transports.http.enabled: true -> nothing\n"
              "logging.format: \"text\" -> \"json\"\n");
    EXPECT_EQ(View(std::make_shared<Configuration>(in_force(*first, second, {})))
                  .require_integer("limits.connections"),
              7);
}

TEST(InForce, ARunningPluginHasTheSectionThatItTook) {
    const auto first = make({"plugins.chat={enabled: true, greeting: hi, max_runs: 5}"});
    const auto second = make({"plugins.chat={enabled: true, greeting: ho, max_runs: 5}"});
    EXPECT_EQ(waiting(first, second, {{"chat", first}}), "plugins.chat.greeting: \"hi\" -> \"ho\"\n");
    EXPECT_EQ(waiting(first, second, {{"chat", second}}), "");
    EXPECT_EQ(waiting(first, second, {}), "") << "one that does not run starts with the new one";
}

TEST(InForce, TheFolderOfPluginsStaysWhereItWas) {
    const auto first = make({"plugins.directory=/a"});
    const auto second = make({"plugins.directory=/b"});
    EXPECT_EQ(waiting(first, second, {{"echo", first}}), "plugins.directory: \"/a\" -> \"/b\"\n");
}

}  // namespace
}  // namespace streamhost::config
