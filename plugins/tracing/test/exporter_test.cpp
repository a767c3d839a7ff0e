#include "exporter.hpp"

#include <cstdio>
#include <fstream>
#include <thread>

#include <Poco/TemporaryFile.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.hpp"
#include "protobuf.hpp"

namespace tracing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using streamhost::testing::FakeHost;
using testing::answer;
using testing::FakeCollector;
using ::testing::HasSubstr;

class Export : public ::testing::Test {
protected:
    void begin(std::vector<std::string> answers) {
        server_.emplace(std::move(answers));
        settings_ = testing::quick_settings(*server_);
    }
    Exporter& exporter() {
        if (!exporter_) {
            exporter_.emplace(settings_, "", "1", queue_, telemetry_,
                              [this](bool is_well, const std::string& what) {
                                  told_.push_back((is_well ? "well " : "ill ") + what);
                              });
        }
        return *exporter_;
    }
    void fill(int count) {
        for (int index = 0; index < count; ++index)
            ASSERT_TRUE(queue_.push("span", steady_clock::now()));
    }
    double metric(const std::string& name) { return fake_.metric_values.at(name); }

    FakeHost fake_;
    testing::Bare& plugin_ = fake_.create<testing::Bare>();
    Telemetry telemetry_{plugin_.host()};
    SpanQueue queue_{100};
    std::optional<FakeCollector> server_;
    Settings settings_;
    std::vector<std::string> told_;
    std::optional<Exporter> exporter_;
};

TEST_F(Export, GoesInBatches) {
    begin({answer(200)});
    settings_.batch_size = 4;
    fill(10);
    exporter().run();
    EXPECT_EQ(server_->requests().size(), 3u);
    EXPECT_EQ(metric("tracing_spans_exported_total"), 10);
    EXPECT_TRUE(told_.empty());
}

TEST_F(Export, WaitsForABatchOrTheInterval) {
    begin({answer(200)});
    settings_.interval = seconds(60);
    settings_.batch_size = 2;
    fill(1);
    EXPECT_FALSE(exporter().is_due(steady_clock::now()));
    EXPECT_TRUE(exporter().is_due(steady_clock::now() + seconds(61)));
    fill(1);
    EXPECT_TRUE(exporter().is_due(steady_clock::now()));
}

TEST_F(Export, TriesAgainWhatMayPassAndNoSoonerThanItIsTold) {
    begin({answer(503, "Retry-After: 1\r\n"), answer(429), answer(200)});
    fill(3);
    const auto begun = steady_clock::now();
    exporter().run();
    EXPECT_GE(steady_clock::now() - begun, seconds(1));
    EXPECT_EQ(server_->requests().size(), 3u);
    EXPECT_EQ(metric("tracing_spans_exported_total"), 3);
    EXPECT_EQ(metric("tracing_retries_total"), 2);
    ASSERT_EQ(told_.size(), 2u) << "once when it begins and once when it is over";
    EXPECT_EQ(told_[0], "ill status 503");
    EXPECT_THAT(told_[1], HasSubstr("well"));
}

TEST_F(Export, GivesUpWhenItsTimeIsOver) {
    begin({answer(503)});
    settings_.retry_for = milliseconds(300);
    fill(3);
    exporter().run();
    EXPECT_EQ(metric("tracing_spans_failed_total"), 3);
    EXPECT_EQ(metric("tracing_spans_exported_total"), 0);
    EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(Export, DoesNotAskACollectorThatWantsMoreTimeThanThereIs) {
    begin({answer(503, "Retry-After: 3600\r\n")});
    settings_.batch_size = 1;
    fill(3);
    const auto begun = steady_clock::now();
    exporter().run();
    EXPECT_LT(steady_clock::now() - begun, seconds(4));
    EXPECT_EQ(server_->requests().size(), 1u) << "the other batches would come too early";
    EXPECT_EQ(metric("tracing_spans_failed_total"), 3);
}

TEST_F(Export, DoesNotRepeatWhatWouldBeRefusedAgain) {
    begin({answer(400)});
    fill(3);
    exporter().run();
    EXPECT_EQ(server_->requests().size(), 1u);
    EXPECT_EQ(metric("tracing_spans_failed_total"), 3);
    EXPECT_EQ(told_, std::vector<std::string>{"ill status 400"});
}

TEST_F(Export, CountsWhatACollectorTookInPart) {
    std::string partial;
    ProtobufWriter(partial).number(1, 2);
    std::string body;
    ProtobufWriter(body).text(1, partial);
    begin({answer(200, "", body)});
    fill(5);
    exporter().run();
    EXPECT_EQ(metric("tracing_spans_exported_total"), 3);
    EXPECT_EQ(metric("tracing_spans_dropped_total{reason=refused}"), 2);
}

TEST_F(Export, HasTheHeadersThatItsFileHoldsNow) {
    begin({answer(200)});
    const Poco::TemporaryFile file;
    settings_.headers_file = file.path();
    const auto turn = [&](const char* text) {
        std::ofstream(file.path()) << text;
        fill(1);
        exporter().run();
    };
    turn("Authorization: one\n");
    turn("Authorization: two\n");
    turn("nonsense\n");
    turn("nonsense\n");
    ASSERT_EQ(told_.size(), 1u) << "said once";
    EXPECT_THAT(told_[0], HasSubstr("headers_file, line 1"));
    const auto requests = server_->requests();
    ASSERT_EQ(requests.size(), 4u);
    EXPECT_THAT(requests[0], HasSubstr("Authorization: one\r\n"));
    EXPECT_THAT(requests[1], HasSubstr("Authorization: two\r\n"));
    EXPECT_THAT(requests[2], HasSubstr("Authorization: two\r\n")) << "the last good ones";
}

TEST_F(Export, EndsInItsTimeAlsoWhileItWaits) {
    begin({answer(503, "Retry-After: 4\r\n")});
    fill(3);
    std::thread work([&] { exporter().run(); });
    const auto begun = steady_clock::now();
    while (server_->requests().empty() && steady_clock::now() - begun < seconds(10))
        std::this_thread::yield();
    exporter().wind_down(steady_clock::now());
    work.join();
    EXPECT_LT(steady_clock::now() - begun, seconds(4));
    EXPECT_EQ(metric("tracing_spans_failed_total"), 3);
    fill(1);
    EXPECT_TRUE(exporter().is_over(steady_clock::now()));
    exporter().run();
    EXPECT_EQ(queue_.size(), 1u) << "nothing more is tried";
}

}  // namespace
}  // namespace tracing
