#include "asset.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "entity_tag.hpp"

namespace console {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Asset* find(const std::vector<Asset>& assets, std::string_view path) {
    const auto found =
        std::find_if(assets.begin(), assets.end(), [path](const Asset& asset) { return asset.path == path; });
    return found == assets.end() ? nullptr : &*found;
}

std::vector<std::string> paths(const std::vector<Asset>& assets) {
    std::vector<std::string> list;
    for (const Asset& asset : assets)
        list.push_back(asset.path);
    return list;
}

class Directory : public ::testing::Test {
protected:
    Directory() {
        std::string pattern = fs::temp_directory_path() / "console-XXXXXX";
        root = ::mkdtemp(pattern.data());
    }
    ~Directory() override { fs::remove_all(root); }
    void write(const std::string& name, const std::string& text) const {
        fs::create_directories((root / name).parent_path());
        std::ofstream(root / name, std::ios::binary) << text;
    }
    std::string refusal() const {
        try {
            (void)read_assets(root);
        } catch (const streamhost::Failure& failure) {
            EXPECT_EQ(failure.status(), SH_INVALID);
            return failure.what();
        }
        return "";
    }
    fs::path root;
};

TEST(BuiltIn, HoldsThePageByteForByte) {
    const auto built_in = built_in_assets();
    const std::pair<fs::path, std::string> pages[] = {{CONSOLE_WEB_DIRECTORY, "/"},
                                                      {CONSOLE_OPERATOR_DIRECTORY, "/console/"}};
    for (const auto& [directory, root] : pages) {
        std::size_t files = 0;
        for (const auto& entry : fs::recursive_directory_iterator(directory)) {
            if (!entry.is_regular_file()) continue;
            ++files;
            const std::string name = entry.path().lexically_relative(directory);
            const Asset* asset = find(built_in, root + (name == "index.html" ? "" : name));
            ASSERT_NE(asset, nullptr) << name;
            EXPECT_EQ(is_for_operators(*asset), root != "/") << name;
            std::ifstream in(entry.path(), std::ios::binary);
            EXPECT_EQ(asset->body, std::string(std::istreambuf_iterator<char>(in), {})) << name;
        }
        EXPECT_GT(files, 10u);
    }
}

TEST(BuiltIn, HoldsTheClientWithItsFolders) {
    const auto built_in = built_in_assets();
    ASSERT_NE(find(built_in, "/client/index.js"), nullptr);
    ASSERT_NE(find(built_in, "/client/core/core.js"), nullptr);
    EXPECT_EQ(find(built_in, "/client/core/core.js")->media_type, "text/javascript; charset=utf-8");
    EXPECT_EQ(built_in.size(), built_in_files().size()) << "a file of a kind that has no media type";
}

TEST(MediaType, ByExtension) {
    EXPECT_EQ(media_type_of("index.html"), "text/html; charset=utf-8");
    EXPECT_EQ(media_type_of("fonts/inter.woff2"), "font/woff2");
    EXPECT_EQ(media_type_of("icon.svg"), "image/svg+xml");
    EXPECT_EQ(media_type_of("LICENSE.txt"), "text/plain; charset=utf-8");
    EXPECT_EQ(media_type_of("page.html.bak"), "");
    EXPECT_EQ(media_type_of("js"), "");
    EXPECT_EQ(media_type_of(""), "");
}

TEST_F(Directory, IsReadWithItsFoldersAndWithoutWhatIsNoPartOfAPage) {
    write("index.html", "<!doctype html>");
    write("app/main.js", "go();");
    write(".git/config.js", "no");
    write(".hidden.js", "no");
    write("notes.md", "no");
    write("a b.js", "no");
    const auto assets = overlay({}, read_assets(root));
    EXPECT_THAT(paths(assets), ElementsAre("/", "/app/main.js"));
    EXPECT_EQ(assets[1].body, "go();");
    EXPECT_EQ(assets[1].etag, entity_tag_of("go();"));
}

TEST_F(Directory, FollowsALinkToTheClient) {
    fs::create_directory_symlink(CONSOLE_WEB_DIRECTORY "/app", root / "client");
    EXPECT_NE(find(read_assets(root), "/client/main.js"), nullptr);
}

TEST_F(Directory, ThatIsMissingIsRefusedByName) {
    fs::remove(root);
    EXPECT_THAT(refusal(), ::testing::HasSubstr(root.string()));
}

TEST_F(Directory, HasLimits) {
    write("big.js", "");
    fs::resize_file(root / "big.js", kMaxFileBytes + 1);
    EXPECT_THAT(refusal(), ::testing::HasSubstr("over 8 MiB"));
    fs::remove(root / "big.js");
    for (std::size_t index = 0; index <= kMaxFiles; ++index)
        write(std::to_string(index) + ".js", "");
    EXPECT_THAT(refusal(), ::testing::HasSubstr("1,000"));
}

TEST(Overlay, ReplacesByPathAndKeepsTheRest) {
    const auto merged =
        overlay({{"/b", "text", "1", "old"}, {"/a", "text", "2", "kept"}}, {{"/b", "text", "3", "new"}});
    EXPECT_THAT(paths(merged), ElementsAre("/a", "/b"));
    EXPECT_EQ(merged[0].body, "kept");
    EXPECT_EQ(merged[1].body, "new");
    EXPECT_THAT(overlay({}, {}), IsEmpty());
}

}  // namespace
}  // namespace console
