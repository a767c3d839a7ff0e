#include "app/plugin_tools.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace streamhost::app {
namespace {

namespace fs = std::filesystem;

class PluginTools : public ::testing::Test {
protected:
    PluginTools() {
        std::string name = (fs::temp_directory_path() / "streamhost-tools-XXXXXX").string();
        folder = ::mkdtemp(name.data());
    }
    ~PluginTools() override { fs::remove_all(folder); }

    static std::string text_of(const fs::path& file) {
        std::ostringstream out;
        out << std::ifstream(file).rdbuf();
        return out.str();
    }

    fs::path folder;
};

TEST_F(PluginTools, TheTemplateIsAPluginWithItsTest) {
    std::vector<std::string_view> paths;
    for (const TemplateFile& file : plugin_template())
        paths.push_back(file.path);
    EXPECT_EQ(paths, (std::vector<std::string_view>{"CMakeLists.txt", "README.md", "my_plugin.cpp",
                                                    "my_plugin.hpp", "test/my_plugin_test.cpp"}));
}

TEST_F(PluginTools, TheNameIsFilledInInEachSpelling) {
    EXPECT_EQ(rename_template("my-plugin my_plugin.hpp class MyPlugin", "acme-audit2"),
              "acme-audit2 acme_audit2.hpp class AcmeAudit2");
    EXPECT_EQ(rename_template("my-plugin my_plugin MyPlugin", "a_b"), "a_b a_b AB");
}

TEST_F(PluginTools, WritesAPluginOfThatName) {
    const fs::path at = folder / "deep" / "er";
    ASSERT_EQ(write_plugin("acme-audit", at), "");
    EXPECT_NE(text_of(at / "acme_audit.cpp").find(".name = \"acme-audit\""), std::string::npos);
    EXPECT_TRUE(fs::exists(at / "test" / "acme_audit_test.cpp"));
    for (const auto& entry : fs::recursive_directory_iterator(at)) {
        if (!entry.is_regular_file()) continue;
        const std::string text = text_of(entry.path());
        for (const char* left : {"my-plugin", "my_plugin", "MyPlugin"})
            EXPECT_EQ(text.find(left), std::string::npos) << entry.path() << " still says " << left;
    }
}

TEST_F(PluginTools, OverwritesNothing) {
    ASSERT_EQ(write_plugin("audit", folder / "audit"), "");
    std::ofstream(folder / "audit" / "audit.cpp") << "mine";
    EXPECT_NE(write_plugin("audit", folder / "audit").find("is there already"), std::string::npos);
    EXPECT_EQ(text_of(folder / "audit" / "audit.cpp"), "mine");
    std::ofstream(folder / "file") << "a file";
    EXPECT_NE(write_plugin("audit", folder / "file"), "");
}

TEST_F(PluginTools, RefusesANameThatCouldNotBeLoadedOrBuilt) {
    for (const char* name : {"", "Audit", "1audit", "a.b", "../a", "test", "all"})
        EXPECT_NE(write_plugin(name, folder / "out"), "") << name;
    EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(PluginTools, CheckSaysWhyAFileIsNoPlugin) {
    control::LibraryLoader loader({.run_directory = folder});
    std::ofstream(folder / "text.so") << "no library";
    EXPECT_NE(check_plugin(folder / "text.so", loader).reason, "");
    EXPECT_NE(check_plugin(folder / "missing.so", loader).reason, "");
}

}  // namespace
}  // namespace streamhost::app
