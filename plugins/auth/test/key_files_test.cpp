#include "key_files.hpp"

#include <map>

#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "signer.hpp"

namespace auth {
namespace {

using streamhost::Failure;
using testing::ec_key;
using testing::kSecret;

struct Disk {
    std::map<std::string, std::string> files;
    [[nodiscard]] KeyFiles::Look look(const KeyPlan& plan) const {
        return KeyFiles::look(plan, [this](const std::string& path) {
            const auto found = files.find(path);
            if (found == files.end()) throw Failure(SH_INVALID, "No such file or directory");
            return found->second;
        });
    }
};

const KeyPlan kPlan{{{"h", Algorithm::kHs256, "/secret"}, {"e", Algorithm::kEs256, "/e.pem"}}, "/set.json"};

Disk good_disk() {
    return {{{"/secret", std::string(kSecret) + "\r\n"},
             {"/e.pem", ec_key().public_pem()},
             {"/set.json", R"({"keys":[)" + ec_key().ec_jwk(R"(,"kid":"e2")") + "]}"}}};
}
std::string why(const KeyPlan& plan, const Disk& disk) {
    try {
        (void)KeyFiles::keys_of(plan, disk.look(plan));
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "accepted";
}

TEST(KeyFiles, AreKeys) {
    const Disk disk = good_disk();
    const auto keys = KeyFiles::keys_of(kPlan, disk.look(kPlan));
    ASSERT_EQ(keys.size(), 3u);
    EXPECT_EQ(keys[0]->fingerprint(), Key::from_secret("x", kSecret)->fingerprint())
        << "without the line's end";
    EXPECT_EQ(keys[1]->id(), "e");
    EXPECT_EQ(keys[2]->id(), "e2");
}

TEST(KeyFiles, SayWhichOneIsWrongAndNotWhatStandsInIt) {
    Disk disk = good_disk();
    disk.files["/secret"] = "too-short-but-secret\n";
    const std::string said = why(kPlan, disk);
    EXPECT_EQ(said.rfind("/secret: ", 0), 0u) << said;
    EXPECT_NE(said.find("at least 32 bytes"), std::string::npos);
    EXPECT_EQ(said.find("too-short"), std::string::npos);
    disk = good_disk();
    disk.files["/e.pem"].resize(60);
    EXPECT_EQ(why(kPlan, disk).rfind("/e.pem: ", 0), 0u);
    disk = good_disk();
    disk.files["/set.json"].pop_back();
    EXPECT_EQ(why(kPlan, disk).rfind("/set.json: ", 0), 0u);
    disk.files.erase("/set.json");
    EXPECT_EQ(why(kPlan, disk), "/set.json: No such file or directory");
}

TEST(KeyFiles, AChangeCountsWhenTwoLooksAgree) {
    Disk disk = good_disk();
    KeyFiles files;
    files.taken(disk.look(kPlan));
    EXPECT_FALSE(files.has_changed(disk.look(kPlan)));
    disk.files["/secret"] = std::string(40, 'x');  // half of what comes
    EXPECT_FALSE(files.has_changed(disk.look(kPlan)));
    disk.files["/secret"] = std::string(64, 'x');
    EXPECT_FALSE(files.has_changed(disk.look(kPlan)));
    EXPECT_TRUE(files.has_changed(disk.look(kPlan)));
    files.taken(disk.look(kPlan));
    EXPECT_FALSE(files.has_changed(disk.look(kPlan)));
    disk.files.erase("/secret");
    EXPECT_FALSE(files.has_changed(disk.look(kPlan)));
    EXPECT_TRUE(files.has_changed(disk.look(kPlan)));
    disk = good_disk();  // back before anybody took it
    files.taken(disk.look(kPlan));
    EXPECT_FALSE(files.has_changed(disk.look(kPlan)));
}

TEST(KeyFiles, MovedContentIsAChange) {
    const KeyPlan plan{{{"a", Algorithm::kHs256, "/a"}, {"b", Algorithm::kHs256, "/b"}}, ""};
    EXPECT_NE((Disk{{{"/a", "12"}, {"/b", "3"}}}.look(plan).digest),
              (Disk{{{"/a", "1"}, {"/b", "23"}}}.look(plan).digest));
}

}  // namespace
}  // namespace auth
