#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "control/catalogue.hpp"
#include "lifecycle/test_bridge.hpp"

namespace streamhost::control {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class Loader : public testing::Test {
protected:
    std::string reason(const std::string& plugin) {
        plugins_.install(plugin, plugin);
        return loader_.load(plugin, plugins_.path() / (plugin + ".so")).reason;
    }
    const Library* load(const std::string& plugin, const std::string& as) {
        plugins_.install(plugin, as);
        const auto loaded = loader_.load(as, plugins_.path() / (as + ".so"));
        EXPECT_TRUE(loaded) << loaded.reason;
        return loaded ? *loaded : nullptr;
    }

    test::TemporaryDirectory plugins_;
    test::TemporaryDirectory run_;
    LibraryLoader loader_{{.run_directory = run_.path(), .retained_limit = 3}};
};

TEST_F(Loader, TidiesUpAfterAProcessThatCouldNot) {
    const pid_t gone = ::fork();
    if (gone == 0) ::_exit(0);
    ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
    const fs::path left = run_.path() / ("streamhost-plugins-" + std::to_string(gone) + "-abcdef");
    const fs::path other = run_.path() / "something-else";
    fs::create_directories(left / "inside");
    fs::create_directories(other);
    const LibraryLoader another({.run_directory = run_.path(), .retained_limit = 3});
    EXPECT_FALSE(fs::exists(left));
    EXPECT_TRUE(fs::exists(other));
    EXPECT_TRUE(fs::exists(loader_.directory())) << "of a process that lives";
}

TEST_F(Loader, RefusesALibraryWithoutTheEntry) {
    EXPECT_EQ(reason("no_entry"),
              "it does not export streamhost_plugin_entry: define it extern \"C\" with SH_EXPORT, or use the "
              "macro of "
              "the SDK");
}

TEST_F(Loader, RefusesASecondExport) {
    EXPECT_EQ(reason("two_exports"),
              "it exports 1 symbols beside streamhost_plugin_entry (helper_of_mine): build it with "
              "streamhost_add_plugin(), which hides all others");
}

TEST_F(Loader, RefusesAnUndefinedSymbolAtOnceAndNamesIt) {
    EXPECT_THAT(
        reason("undefined_symbol"),
        testing::AllOf(StartsWith("the dynamic linker refuses it ("), HasSubstr("nobody_has_this_function"),
                       HasSubstr("): link what is missing into the plugin")));
    EXPECT_EQ(loader_.retained(), 0u);
}

TEST_F(Loader, RefusesWhatIsNoLibrary) {
    std::ofstream(plugins_.path() / "text.so") << "not a library";
    const auto loaded = loader_.load("text", plugins_.path() / "text.so");
    EXPECT_THAT(loaded.reason, testing::AllOf(StartsWith("it is no whole shared library for this machine"),
                                              HasSubstr("copy the whole file again")));
    EXPECT_THAT(loader_.load("none", plugins_.path() / "none.so").reason, StartsWith("cannot copy "));
}

TEST_F(Loader, RefusesAFileThatWasCopiedInPart) {
    plugins_.install("consumer", "consumer");
    fs::resize_file(plugins_.path() / "consumer.so", fs::file_size(plugins_.path() / "consumer.so") / 2);
    EXPECT_THAT(loader_.load("consumer", plugins_.path() / "consumer.so").reason,
                StartsWith("it is no whole shared library for this machine"));
}

TEST_F(Loader, KeepsNoCopyOfWhatItRefused) {
    static_cast<void>(reason("no_entry"));
    static_cast<void>(reason("undefined_symbol"));
    EXPECT_TRUE(fs::is_empty(loader_.directory()));
}

TEST_F(Loader, CopiesToAPrivateDirectory) {
    const Library* library = load("generation_1", "generation");
    ASSERT_NE(library, nullptr);
    EXPECT_EQ(library->copy.parent_path(), loader_.directory());
    EXPECT_NE(library->copy, library->source);
    struct stat info {};
    ASSERT_EQ(::stat(loader_.directory().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(Loader, FindsTheSameContentAgain) {
    const Library* first = load("generation_1", "generation");
    EXPECT_EQ(load("generation_1", "generation"), first);
    EXPECT_EQ(loader_.retained(), 1u);
}

TEST_F(Loader, MapsANewGenerationBesideTheOldOne) {
    const Library* first = load("generation_1", "generation");
    const Library* second = load("generation_2", "generation");
    ASSERT_NE(first, nullptr);
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(first->generation, 1u);
    EXPECT_EQ(second->generation, 2u);
    EXPECT_NE(first->entry, second->entry);
    EXPECT_EQ(load("generation_1", "generation"), first);  // rolled back
}

TEST_F(Loader, StopsAtTheLimitOfRetainedLibraries) {
    load("generation_1", "generation");
    load("generation_2", "generation");
    load("consumer", "consumer");
    EXPECT_EQ(reason("never_drains"),
              "3 plugin libraries are mapped, which is the limit: restart the host to drop old ones");
    EXPECT_EQ(load("generation_2", "generation")->generation, 2u);  // what is mapped already still works
}

TEST_F(Loader, LeavesNothingOnDiskAndEverythingMapped) {
    const sh_entry* entry = nullptr;
    fs::path directory;
    {
        LibraryLoader loader({.run_directory = run_.path()});
        plugins_.install("consumer", "consumer");
        const auto loaded = loader.load("consumer", plugins_.path() / "consumer.so");
        ASSERT_TRUE(loaded) << loaded.reason;
        entry = (*loaded)->entry;
        directory = loader.directory();
    }
    EXPECT_FALSE(fs::exists(directory));
    EXPECT_EQ(entry->magic, SH_PLUGIN_MAGIC);
}

class CatalogueTest : public Loader {
protected:
    std::string reason_of(const std::string& plugin) {
        plugins_.install(plugin, plugin);
        EXPECT_TRUE(catalogue_.scan({plugins_.path()}).empty());
        EXPECT_EQ(catalogue_.find(plugin)->state, State::verified);
        const auto loaded = catalogue_.load(plugin);
        EXPECT_FALSE(loaded);
        EXPECT_EQ(catalogue_.find(plugin)->state, State::failed);
        EXPECT_EQ(catalogue_.find(plugin)->reason, loaded.reason);
        return loaded.reason;
    }
    Catalogue catalogue_{loader_};
};

TEST_F(CatalogueTest, RefusesEachBrokenDescriptorForItsOwnReason) {
    EXPECT_EQ(reason_of("wrong_magic"),
              "the entry has magic 0x1122334455667788 instead of 0x3150485354524853: define "
              "streamhost_plugin_entry as "
              "an sh_entry that starts with SH_PLUGIN_MAGIC");
    EXPECT_EQ(reason_of("newer_major"),
              "built for ABI major 2, this host speaks 1: upgrade the host or build the plugin with an SDK "
              "of major 1");
    EXPECT_EQ(reason_of("bad_name"),
              "the name \"Bad Name\" does not match [a-z][a-z0-9_-]{0,31}: rename the plugin");
}

TEST_F(CatalogueTest, RefusesAnotherNameAndABrokenSchema) {
    EXPECT_EQ(reason_of("other_name"),
              "the file is called other_name.so and the descriptor says \"another\": rename one of them");
    EXPECT_THAT(reason_of("bad_schema"), testing::AllOf(StartsWith("config_schema is no JSON ("),
                                                        HasSubstr("): correct it, or set it to NULL")));
}

TEST_F(CatalogueTest, ShowsEveryFileWithItsReason) {
    plugins_.install("no_entry", "no_entry");
    plugins_.install("consumer", "consumer");
    plugins_.install("consumer", "Not A Name");
    EXPECT_TRUE(catalogue_.scan({plugins_.path()}).empty());
    ASSERT_EQ(catalogue_.entries().size(), 3u);
    EXPECT_EQ(catalogue_.find("consumer")->state, State::verified);
    EXPECT_EQ(catalogue_.find("no_entry")->state, State::failed);
    EXPECT_THAT(catalogue_.find("no_entry")->reason, StartsWith("it does not export"));
    EXPECT_THAT(catalogue_.find("Not A Name")->reason, StartsWith("the file name is no plugin name"));
    EXPECT_EQ(loader_.retained(), 0u);  // nothing was loaded for that
}

TEST_F(CatalogueTest, RefusesTwoFilesOfOneName) {
    test::TemporaryDirectory second;
    plugins_.install("consumer", "consumer");
    second.install("consumer", "consumer");
    EXPECT_TRUE(catalogue_.scan({plugins_.path(), second.path()}).empty());
    EXPECT_EQ(catalogue_.load("consumer").reason,
              "there are two files of this name (" + (plugins_.path() / "consumer.so").string() + " and " +
                  (second.path() / "consumer.so").string() + "): remove one");
    fs::remove(second.path() / "consumer.so");
    EXPECT_TRUE(catalogue_.scan({plugins_.path(), second.path()}).empty());
    EXPECT_TRUE(catalogue_.load("consumer"));
    EXPECT_EQ(catalogue_.find("consumer")->state, State::loaded);
}

TEST_F(CatalogueTest, SaysWhichDirectoryItCannotRead) {
    const auto unreadable = catalogue_.scan({plugins_.path() / "missing"});
    ASSERT_EQ(unreadable.size(), 1u);
    EXPECT_THAT(unreadable[0], testing::AllOf(StartsWith("cannot read the plugin directory "),
                                              HasSubstr("create it or correct plugins.directory")));
    EXPECT_THAT(catalogue_.load("consumer").reason,
                StartsWith("there is no consumer.so in the plugin directories"));
}

TEST_F(CatalogueTest, ABrokenReplacementKeepsTheLoadedGeneration) {
    plugins_.install("generation_1", "generation");
    EXPECT_TRUE(catalogue_.scan({plugins_.path()}).empty());
    ASSERT_TRUE(catalogue_.load("generation"));
    plugins_.install("wrong_magic", "generation");
    EXPECT_FALSE(catalogue_.load("generation"));
    ASSERT_TRUE(catalogue_.find("generation")->loaded);
    EXPECT_EQ(catalogue_.find("generation")->loaded->library->generation, 1u);
}

}  // namespace
}  // namespace streamhost::control
