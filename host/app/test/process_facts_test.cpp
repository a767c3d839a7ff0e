#include "app/process_facts.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace streamhost::app {
namespace {

namespace fs = std::filesystem;

/// A machine of files.
class Machine : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(proc_ / "self/fd");
        fs::create_directories(cgroup_ / "a.slice/b.service");
        write(proc_ / "self/stat",
              "7 (a (name) b) S 1 7 7 0 -1 0 0 0 0 0 250 50 0 0 20 0 1 0 1000 999 3 18446744073709551615");
        write(proc_ / "stat", "cpu 1 2 3\nbtime 1700000000\nprocesses 9\n");
        write(proc_ / "meminfo", "MemTotal:        1024 kB\nMemFree: 1 kB\n");
        write(
            proc_ / "self/limits",
            "Limit  Soft Limit  Hard Limit\nMax open files            65536                65536    files\n");
        write(proc_ / "self/cgroup", "0::/a.slice/b.service\n");
        for (const char* fd : {"0", "1", "2"})
            write(proc_ / "self/fd" / fd, "");
    }
    void TearDown() override { fs::remove_all(folder_); }
    static void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

    const fs::path folder_ = fs::path(testing::TempDir()) / ("facts-" + std::to_string(::getpid()));
    const fs::path proc_ = folder_ / "proc";
    const fs::path cgroup_ = folder_ / "cgroup";
};

TEST_F(Machine, IsReadWithoutAGroupsLimit) {
    const ProcessFacts facts = read_process(proc_, cgroup_);
    EXPECT_EQ(facts.resident_bytes, 3U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    EXPECT_EQ(facts.open_fds, 3U);
    EXPECT_EQ(facts.max_fds, 65'536U);
    EXPECT_EQ(facts.memory_limit_bytes, 1'048'576U);
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    EXPECT_DOUBLE_EQ(facts.cpu_seconds, 300 / ticks);
    EXPECT_DOUBLE_EQ(facts.start_seconds, 1'700'000'000 + 1'000 / ticks);
}

TEST_F(Machine, TheTightestGroupCounts) {
    write(cgroup_ / "a.slice/b.service/memory.max", "max\n");
    write(cgroup_ / "a.slice/memory.max", "65536\n");
    write(cgroup_ / "memory.max", "262144\n");
    EXPECT_EQ(read_process(proc_, cgroup_).memory_limit_bytes, 65'536U);
    write(cgroup_ / "a.slice/b.service/memory.max", "4096\n");
    EXPECT_EQ(read_process(proc_, cgroup_).memory_limit_bytes, 4'096U);
}

TEST_F(Machine, AContainersGroupIsTheTopmost) {
    write(proc_ / "self/cgroup", "0::/\n");
    write(cgroup_ / "memory.max", "8192\n");
    EXPECT_EQ(read_process(proc_, cgroup_).memory_limit_bytes, 8'192U);
}

TEST_F(Machine, TheFirstVersionOfGroupsToo) {
    write(proc_ / "self/cgroup", "9:memory:/x\n");
    fs::create_directories(cgroup_ / "memory");
    write(cgroup_ / "memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(read_process(proc_, cgroup_).memory_limit_bytes, 1'048'576U);
    write(cgroup_ / "memory/memory.limit_in_bytes", "16384\n");
    EXPECT_EQ(read_process(proc_, cgroup_).memory_limit_bytes, 16'384U);
}

TEST(ProcessFacts, NothingThereIsZero) {
    const ProcessFacts facts = read_process("/nowhere", "/nowhere");
    EXPECT_EQ(facts.resident_bytes + facts.memory_limit_bytes + facts.open_fds + facts.max_fds, 0U);
}

TEST(ProcessFacts, OfThisProcessAreLikely) {
    const ProcessFacts facts = read_process();
    EXPECT_GT(facts.resident_bytes, 1'000'000U);
    EXPECT_GT(facts.memory_limit_bytes, facts.resident_bytes);
    EXPECT_GE(facts.open_fds, 3U);
    EXPECT_GE(facts.max_fds, facts.open_fds);
    EXPECT_GT(facts.start_seconds, 1'600'000'000);
}

}  // namespace
}  // namespace streamhost::app
