#include "app/section_trial.hpp"

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"

#include "config/test/support.hpp"

namespace streamhost::app {
namespace {

int alive = 0;

/// Uses all that a plugin may use before it starts.
class Strict : public Plugin {
public:
    explicit Strict(const sh_host* raw) : Plugin(raw), metric_(host().counter("tries_total", "Tries")) {
        ++alive;
    }
    ~Strict() override { --alive; }
    void configure(const Config& config) override {
        host().info("looks at its section");
        metric_.add();
        host().set_health("section", SH_HEALTH_OK, "");
        if (host().acquire<int>("streamhost.absent/1").call([](const int&, void*) {}) != SH_UNAVAILABLE)
            throw Failure(SH_INTERNAL, "who is that?");
        if (host().post(SH_ON_SHORT, [] {}) == SH_OK) throw Failure(SH_INTERNAL, "something would run");
        const std::string word = config.string("word");
        if (word == "wrong") throw Failure(SH_INVALID, "plugins.strict.word must not be wrong");
        if (word == "worse") throw Failure(SH_INVALID, "there is no word");
        if (word == "newer") (void)host().require<int>("streamhost.tomorrow/1");
    }
    void start() override { ADD_FAILURE() << "it was to be looked at, not started"; }

private:
    Metric metric_;
};

STREAMHOST_PLUGIN(Strict, {.name = "strict", .version = "1.0.0", .summary = "Has a word to say"})

class SectionTrial : public testing::Test {
protected:
    std::shared_ptr<const config::Configuration> with(const std::string& word) {
        const std::string file = folder_.write("c.yaml", "plugins:\n  strict:\n    word: " + word + "\n");
        const std::vector<config::PluginSchema> plugins = {
            {"strict", R"({"type": "object", "properties": {"word": {"type": "string"}}})"}};
        const auto loaded = config::load(config::compose(plugins).schema, {{file}, {}, {}});
        EXPECT_TRUE(loaded.configuration) << config::format(loaded.errors);
        return loaded.configuration;
    }
    control::HookAnswer try_word(const std::string& word) {
        const control::LoadedPlugin plugin{&library_, {"strict", "1.0.0", "", {}, {}, {}, ""}};
        return try_section(with(word), plugin);
    }

    const config::test::Folder folder_;
    const control::Library library_{"strict", 1, {}, {}, &streamhost_plugin_entry};
};

TEST_F(SectionTrial, LetsAPluginLookAndLeavesNothing) {
    const control::HookAnswer answer = try_word("right");
    EXPECT_TRUE(answer.ok()) << answer.text;
    EXPECT_EQ(alive, 0);
}

TEST_F(SectionTrial, HandsOnWhatThePluginRefuses) {
    EXPECT_EQ(try_word("wrong").text,
              "configure() answered SH_INVALID: plugins.strict.word must not be wrong");
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(try_word("newer").status, SH_UNSUPPORTED) << "what this host has not, a real one may have";
}

TEST_F(SectionTrial, ARefusalStandsAtTheKeyThatItNames) {
    const auto configuration = with("wrong");
    const config::Issue issue = refusal_as_issue(*configuration, "strict", try_word("wrong").text);
    EXPECT_EQ(folder_.formatted({issue}), "c.yaml:3:11: plugins.strict.word: must not be wrong\n");
    const config::Issue colon = refusal_as_issue(*configuration, "strict", "plugins.strict.word: is wrong");
    EXPECT_EQ(colon.problem, "is wrong");
}

TEST_F(SectionTrial, ARefusalWithoutAKeyStandsAtTheSection) {
    const auto configuration = with("worse");
    EXPECT_EQ(folder_.formatted({refusal_as_issue(*configuration, "strict", try_word("worse").text)}),
              "c.yaml:3:5: plugins.strict: there is no word\n");
    for (const char* text : {"plugins.strict.absent: is missing", "plugins.other.word: is wrong", ""}) {
        const config::Issue issue = refusal_as_issue(*configuration, "strict", text);
        EXPECT_EQ(issue.path, "plugins.strict");
        EXPECT_EQ(issue.problem, text);
    }
}

}  // namespace
}  // namespace streamhost::app
