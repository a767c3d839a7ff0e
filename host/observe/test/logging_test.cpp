#include "observe/logging.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "observe/log_writer.hpp"

namespace streamhost::observe {
namespace {

constexpr std::uint64_t kLongMs = 10'000;

/// A pipe as the log's destination.
class Pipe {
public:
    Pipe() {
        if (::pipe2(fds_.data(), O_CLOEXEC) != 0) std::abort();
        ::fcntl(fds_[1], F_SETPIPE_SZ, 4'096);
    }
    ~Pipe() {
        for (const int fd : fds_)
            ::close(fd);
    }
    [[nodiscard]] int in() const { return fds_[1]; }
    /// Until it takes no more.
    void fill() const {
        ::fcntl(fds_[1], F_SETFL, O_NONBLOCK);
        while (::write(fds_[1], ".", 1) == 1) {
        }
        ::fcntl(fds_[1], F_SETFL, 0);
    }
    /// What is there now.
    std::string read() const {
        ::fcntl(fds_[0], F_SETFL, O_NONBLOCK);
        std::string all;
        std::array<char, 4'096> part{};
        for (;;) {
            const auto count = ::read(fds_[0], part.data(), part.size());
            if (count <= 0) return all;
            all.append(part.data(), static_cast<std::size_t>(count));
        }
    }

private:
    std::array<int, 2> fds_{-1, -1};
};

LoggingOptions to(const Pipe& pipe) {
    LoggingOptions options;
    options.fd = pipe.in();
    options.format = LogFormat::json;
    return options;
}

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Logging, AFlushedLineIsWritten) {
    const Pipe pipe;
    start_logging(to(pipe));
    const Log log("test.flush");
    log.info("hello", {{"n", 1}});
    EXPECT_TRUE(flush_logging(kLongMs));
    const auto text = pipe.read();
    EXPECT_NE(text.find(R"("component":"test.flush","msg":"hello","n":1})"), std::string::npos) << text;
    EXPECT_TRUE(stop_logging(kLongMs));
}

TEST(Logging, EachLineOfJsonNamesItsNode) {
    const Pipe pipe;
    LoggingOptions options = to(pipe);
    options.node = "gateway-1";
    start_logging(options);
    const Log log("test.node");
    log.info("queued");
    EXPECT_TRUE(stop_logging(kLongMs));
    log.info("at once");
    const auto text = pipe.read();
    EXPECT_EQ(lines(text), 2U);
    EXPECT_NE(text.find(R"("node":"gateway-1","component":"test.node","msg":"queued"})"), std::string::npos);
    EXPECT_NE(text.find(R"("node":"gateway-1","component":"test.node","msg":"at once"})"), std::string::npos);
}

TEST(Logging, ErrorsAreCountedByComponentWhateverIsWritten) {
    const auto errors_of = [](std::string_view wanted) {
        std::uint64_t found = 0;
        for_each_error_count([&](std::string_view component, std::uint64_t errors) {
            if (component == wanted) found = errors;
        });
        return found;
    };
    const Pipe pipe;
    start_logging(to(pipe));
    const Log log("test.errors");
    log.warn("not one");
    EXPECT_EQ(errors_of("test.errors"), 0U);
    log.error("one");
    Log("test.errors").error("of the same component");
    EXPECT_EQ(errors_of("test.errors"), 2U);
    EXPECT_TRUE(stop_logging(kLongMs));
}

TEST(Logging, LevelsGoByComponentAndItsPrefix) {
    const Pipe pipe;
    auto options = to(pipe);
    options.levels.level = LogLevel::warn;
    options.levels.components["plugin"] = LogLevel::debug;
    options.levels.components["plugin.noisy"] = LogLevel::error;
    const Log early("plugin.early");
    start_logging(options);
    EXPECT_TRUE(early.enabled(LogLevel::debug));
    EXPECT_TRUE(Log("plugin.chat").enabled(LogLevel::debug));
    EXPECT_FALSE(Log("plugin.noisy").enabled(LogLevel::warn));
    EXPECT_FALSE(Log("plugins").enabled(LogLevel::info));
    EXPECT_TRUE(Log("other").enabled(LogLevel::warn));
    const Log quiet("other");
    quiet.info("not this");
    set_log_levels({LogLevel::info, {}});
    quiet.info("but this");
    EXPECT_TRUE(stop_logging(kLongMs));
    const auto text = pipe.read();
    EXPECT_EQ(text.find("not this"), std::string::npos);
    EXPECT_NE(text.find("but this"), std::string::npos);
}

TEST(Logging, AfterStopLinesAreStillWritten) {
    const Pipe pipe;
    start_logging(to(pipe));
    const Log log("test.stop");
    log.info("before");
    EXPECT_TRUE(stop_logging(kLongMs));
    log.info("after");
    EXPECT_EQ(lines(pipe.read()), 2U);
    EXPECT_TRUE(stop_logging(0)) << "a second time is harmless";
}

TEST(Logging, StopWhileManyLogLosesNothing) {
    for (int attempt = 0; attempt < 5; ++attempt) {
        const int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ASSERT_GE(fd, 0);
        LoggingOptions options;
        options.fd = fd;
        options.queue_limit = 4'096;
        const auto before = logging_stats();
        start_logging(options);
        const Log log("test.many");
        constexpr int kEach = 500;
        std::vector<std::thread> authors;
        for (int author = 0; author < 3; ++author) {
            authors.emplace_back([&] {
                for (int i = 0; i < kEach; ++i)
                    log.info("line", {{"i", i}});
            });
        }
        EXPECT_TRUE(stop_logging(kLongMs));
        for (auto& author : authors)
            author.join();
        const auto after = logging_stats();
        EXPECT_EQ(after.written - before.written, 3U * kEach);
        EXPECT_EQ(after.dropped, before.dropped);
        // Later tests may not write to a closed descriptor.
        const Pipe next;
        start_logging(to(next));
        EXPECT_TRUE(stop_logging(kLongMs));
        ::close(fd);
    }
}

TEST(LogWriter, AFullPipeDropsTheOldestAndBlocksNobody) {
    const Pipe pipe;
    pipe.fill();
    LogWriter writer(pipe.in(), 16);
    const std::string line = std::string(199, 'x') + "\n";
    for (int i = 0; i < 200; ++i)
        writer.push(line);
    EXPECT_FALSE(writer.flush(1));
    EXPECT_GE(writer.dropped(), 200U - 16U - 1U) << "all but the queue and the line in hand";
    writer.push("the last line\n");
    std::string text;
    while (text.find("the last line") == std::string::npos)
        text += pipe.read();
    EXPECT_TRUE(writer.flush(kLongMs));
    EXPECT_EQ(writer.written(), lines(text));
    EXPECT_EQ(writer.written() + writer.dropped(), 201U);
}

TEST(LogWriter, ALineThatWasTornIsEndedBeforeTheNext) {
    const Pipe pipe;
    pipe.fill();
    std::string text = pipe.read();  // room for some of the line
    ::fcntl(pipe.in(), F_SETFL, O_NONBLOCK);
    LogWriter writer(pipe.in(), 16);
    writer.push(std::string(text.size() + 1, 'x') + "\n");
    EXPECT_TRUE(writer.flush(kLongMs));
    EXPECT_EQ(writer.write_errors(), 1U);
    writer.push("the next line\n");
    text.clear();
    while (text.find("next") == std::string::npos)
        text += pipe.read();
    EXPECT_TRUE(writer.flush(kLongMs));
    EXPECT_NE(text.find("x\nthe next line\n"), std::string::npos);
    EXPECT_EQ(writer.written(), 1U);
}

TEST(LogWriter, ADescriptorThatRefusesIsCounted) {
    LogWriter writer(-1, 16);
    writer.push("x\n");
    EXPECT_TRUE(writer.flush(kLongMs));
    EXPECT_EQ(writer.write_errors(), 1U);
    EXPECT_EQ(writer.written(), 0U);
}

}  // namespace
}  // namespace streamhost::observe
