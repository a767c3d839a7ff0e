#include "app/command_line.hpp"

#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using Verb = CommandLine::Verb;

TEST(CommandLine, NothingMeansRun) {
    const CommandLine line = parse_command_line({});
    EXPECT_EQ(line.verb, Verb::kRun);
    EXPECT_TRUE(line.error.empty());
}

TEST(CommandLine, FilesAndSettingsInBothForms) {
    const CommandLine line = parse_command_line(
        {"-c", "a.yaml", "--config=b.yaml", "--set", "node.id=x", "--set=store.kind=memory"});
    EXPECT_EQ(line.files, (std::vector<std::string>{"a.yaml", "b.yaml"}));
    EXPECT_EQ(line.arguments, (std::vector<std::string>{"node.id=x", "store.kind=memory"}));
}

TEST(CommandLine, ConfigCheckTakesItsFile) {
    const CommandLine line = parse_command_line({"config", "check", "a.yaml"});
    EXPECT_EQ(line.verb, Verb::kConfigCheck);
    EXPECT_EQ(line.files, (std::vector<std::string>{"a.yaml"}));
    EXPECT_FALSE(line.connect || line.production);
    const CommandLine all = parse_command_line({"config", "check", "--connect", "a.yaml", "--production"});
    EXPECT_TRUE(all.connect && all.production);
}

TEST(CommandLine, ARunningNodeIsAskedByItsAdminListener) {
    const CommandLine diff = parse_command_line(
        {"config", "diff", "a.yaml", "b.yaml", "--url=http://10.0.0.1:8091", "--token-file", "/run/token"});
    EXPECT_EQ(diff.verb, Verb::kConfigDiff);
    EXPECT_EQ(diff.files, (std::vector<std::string>{"a.yaml", "b.yaml"}));
    EXPECT_EQ(diff.url, "http://10.0.0.1:8091");
    EXPECT_EQ(diff.token_file, "/run/token");
    EXPECT_TRUE(parse_command_line({"config", "apply", "--restart-plugins"}).restart_plugins);
    EXPECT_EQ(parse_command_line({"config", "rollback"}).verb, Verb::kConfigRollback);
    EXPECT_NE(parse_command_line({"config", "apply", "a.yaml"}).error, "") << "the node reads its own files";
    EXPECT_NE(parse_command_line({"config", "rollback", "3"}).error, "");
    EXPECT_EQ(parse_command_line({"config", "reference"}).verb, Verb::kConfigReference);
}

TEST(CommandLine, PluginNewTakesANameAndMaybeAFolder) {
    const CommandLine named = parse_command_line({"plugin", "new", "audit"});
    EXPECT_EQ(named.verb, Verb::kPluginNew);
    EXPECT_EQ(named.plugin, "audit");
    EXPECT_EQ(named.folder, "");
    EXPECT_EQ(parse_command_line({"plugin", "new", "audit", "/tmp/a"}).folder, "/tmp/a");
    EXPECT_NE(parse_command_line({"plugin", "new"}).error.find("name"), std::string::npos);
    EXPECT_NE(parse_command_line({"plugin", "new", "a", "b", "c"}).error.find("'c'"), std::string::npos);
}

TEST(CommandLine, HealthcheckTakesAnAddressAndATime) {
    const CommandLine line =
        parse_command_line({"healthcheck", "--url", "http://127.0.0.1:9/health/live", "--timeout-ms=250"});
    EXPECT_EQ(line.verb, Verb::kHealthcheck);
    EXPECT_EQ(line.url, "http://127.0.0.1:9/health/live");
    EXPECT_EQ(line.timeout_ms, 250U);
    EXPECT_EQ(line.error, "");
    EXPECT_EQ(parse_command_line({"healthcheck"}).url, "");
    EXPECT_NE(parse_command_line({"healthcheck", "--url", "127.0.0.1:9"}).error.find("http://"),
              std::string::npos);
    for (const char* wrong : {"0", "soon", "1s", "600001", "-1"})
        EXPECT_NE(parse_command_line({"healthcheck", "--timeout-ms", wrong}).error.find("--timeout-ms"),
                  std::string::npos)
            << wrong;
}

TEST(CommandLine, ExplainTakesAnEntryAndNodes) {
    const CommandLine line = parse_command_line(
        {"explain", "trip.r", "12", "--url", "http://a:1", "--url=http://b:2", "--json", "-c", "x.yaml"});
    EXPECT_EQ(line.error, "");
    EXPECT_EQ(line.verb, Verb::kExplain);
    EXPECT_EQ(line.stream, "trip.r");
    EXPECT_EQ(line.seq, 12U);
    EXPECT_EQ(line.urls, (std::vector<std::string>{"http://a:1", "http://b:2"}));
    EXPECT_TRUE(line.as_json);
    EXPECT_EQ(line.files, std::vector<std::string>{"x.yaml"});
    for (const std::vector<std::string>& words : {std::vector<std::string>{"explain"},
                                                  {"explain", "trip.r"},
                                                  {"explain", "trip.r", "0"},
                                                  {"explain", "trip.r", "x"},
                                                  {"explain", "trip.r", "1", "2", "3x"}})
        EXPECT_NE(parse_command_line(words).error, "");
}

TEST(CommandLine, DrainTakesANode) {
    const CommandLine line =
        parse_command_line({"drain", "--wait", "--url", "http://a:1", "--token-file", "t"});
    EXPECT_EQ(line.error, "");
    EXPECT_EQ(line.verb, Verb::kDrain);
    EXPECT_TRUE(line.wait);
    EXPECT_EQ(line.url, "http://a:1");
    EXPECT_EQ(line.token_file, "t");
    EXPECT_NE(parse_command_line({"drain", "node-1"}).error.find("too many"), std::string::npos);
}

TEST(CommandLine, MistakesAreTold) {
    EXPECT_NE(parse_command_line({"serve"}).error.find("'serve' is no command"), std::string::npos);
    EXPECT_NE(parse_command_line({"--sett", "a=b"}).error.find("'--sett'"), std::string::npos);
    EXPECT_NE(parse_command_line({"--set"}).error.find("lacks its value"), std::string::npos);
    EXPECT_NE(parse_command_line({"run", "a.yaml"}).error.find("one word too many"), std::string::npos);
    EXPECT_NE(parse_command_line({"plugin", "check"}).error.find("path"), std::string::npos);
}

TEST(CommandLine, HelpAndVersionWinOverTheRest) {
    EXPECT_EQ(parse_command_line({"run", "--help", "--nonsense"}).verb, Verb::kHelp);
    EXPECT_EQ(parse_command_line({"--version"}).verb, Verb::kVersion);
}

}  // namespace
}  // namespace streamhost::app
