#include "observe/metrics.hpp"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test/fault_log.hpp"

namespace streamhost::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr MetricOwner kPlugin = 7;

MetricSpec counter_spec(std::string_view name, Labels labels = {}) {
    return {MetricKind::counter, name, "help", labels, {}};
}

TEST(Metrics, WritesThePrometheusFormat) {
    Metrics metrics;
    metrics.counter("frames_sent_total", "Frames sent.", {{"proto", "ws"}}).add(3);
    metrics.gauge("connections", "Open connections.").set(-1.5);
    const std::array bounds{0.1, 1.0};
    Histogram& histogram = metrics.histogram("append_seconds", "Time to append.", bounds);
    for (const double value : {0.05, 0.1, 0.5, 7.0})
        histogram.observe(value);
    const auto text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("# HELP streamhost_frames_sent_total Frames sent.\n"
                                "# TYPE streamhost_frames_sent_total counter\n"
                                "streamhost_frames_sent_total{proto=\"ws\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE streamhost_connections gauge\nstreamhost_connections -1.5\n"));
    EXPECT_THAT(text, HasSubstr("streamhost_append_seconds_count 4\nstreamhost_append_seconds_sum 7.65"));
    EXPECT_THAT(text, HasSubstr("streamhost_append_seconds_bucket{le=\"0.1\"} 2\n"
                                "streamhost_append_seconds_bucket{le=\"1\"} 3\n"
                                "streamhost_append_seconds_bucket{le=\"+Inf\"} 4\n"));
}

TEST(Metrics, TheSameSpecIsTheSameMetricWhateverTheOrderOfLabels) {
    Metrics metrics;
    Counter& first = metrics.counter("x_total", "x", {{"a", "1"}, {"b", "2"}});
    Counter& second = metrics.counter("x_total", "x", {{"b", "2"}, {"a", "1"}});
    EXPECT_EQ(&first, &second);
}

TEST(Metrics, RefusesWhatContradictsOrIsMalformed) {
    Metrics metrics;
    std::string why;
    ASSERT_NE(metrics.get(kPlugin, counter_spec("x_total"), &why), nullptr);
    EXPECT_EQ(why, "");
    EXPECT_EQ(metrics.get(kPlugin, {MetricKind::gauge, "x_total", "", {}, {}}, &why), nullptr);
    EXPECT_EQ(why, "the name is taken by another kind");
    const std::array labels{Label{"a", "1"}};
    EXPECT_EQ(metrics.get(kPlugin, counter_spec("x_total", labels), &why), nullptr);
    EXPECT_EQ(why, "the name is taken with other labels");
    for (const char* name : {"", "9lives", "with-dash", "with space", "uml\xC3\xA4ut"}) {
        EXPECT_EQ(metrics.get(kPlugin, counter_spec(name), &why), nullptr) << name;
        EXPECT_EQ(why, "malformed name");
    }
    for (const char* name : {"", "__reserved", "le", "a-b"}) {
        const std::array bad{Label{name, "1"}};
        EXPECT_EQ(metrics.get(kPlugin, counter_spec("y_total", bad), &why), nullptr) << name;
        EXPECT_EQ(why, "malformed label name");
    }
    const std::array twice{Label{"a", "1"}, Label{"a", "2"}};
    EXPECT_EQ(metrics.get(kPlugin, counter_spec("y_total", twice), &why), nullptr);
    EXPECT_EQ(why, "a label twice");
}

TEST(Metrics, RefusesBadBounds) {
    Metrics metrics;
    std::string why;
    const std::array falling{1.0, 0.5};
    EXPECT_EQ(metrics.get(kPlugin, {MetricKind::histogram, "h", "", {}, falling}, &why), nullptr);
    EXPECT_EQ(why, "bounds must ascend");
    EXPECT_EQ(metrics.get(kPlugin, {MetricKind::histogram, "h", "", {}, {}}, &why), nullptr);
    EXPECT_EQ(metrics.get(kPlugin, {MetricKind::counter, "c", "", {}, falling}, &why), nullptr);
    const std::array good{0.5, 1.0};
    ASSERT_NE(metrics.get(kPlugin, {MetricKind::histogram, "h", "", {}, good}, &why), nullptr);
    const std::array other{0.5, 2.0};
    EXPECT_EQ(metrics.get(kPlugin, {MetricKind::histogram, "h", "", {}, other}, &why), nullptr);
    EXPECT_EQ(why, "the name is taken with other bounds");
}

TEST(Metrics, AHostMetricThatContradictsIsAFaultAndCountsIntoNothing) {
    const runtime::test::FaultLog log;
    Metrics metrics;
    static_cast<void>(metrics.counter("x_total", "x"));
    metrics.gauge("x_total", "x").set(5);
    EXPECT_EQ(log.lines(), std::vector<std::string>{"metric x_total: the name is taken by another kind"});
    EXPECT_THAT(metrics.exposition(), HasSubstr("streamhost_x_total 0\n"));
}

TEST(Metrics, TooManyLabelValuesBecomeOther) {
    Metrics metrics({.max_families = 10, .max_series_per_family = 3});
    for (int i = 0; i < 10; ++i) {
        const std::string value = std::to_string(i);
        const std::array labels{Label{"user", value}};
        auto* metric = static_cast<Counter*>(metrics.get(kPlugin, counter_spec("x_total", labels)));
        ASSERT_NE(metric, nullptr);
        metric->add();
    }
    const auto text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("x_total{user=\"2\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("user=\"3\"")));
    EXPECT_THAT(text, HasSubstr("x_total{user=\"other\"} 7\n"));
    EXPECT_THAT(text, HasSubstr("streamhost_metric_series_refused_total 7\n"));
}

TEST(Metrics, TheNumberOfNamesIsBounded) {
    Metrics metrics({.max_families = 2, .max_series_per_family = 3});
    std::string why;
    EXPECT_NE(metrics.get(kPlugin, counter_spec("a"), &why), nullptr);
    EXPECT_NE(metrics.get(kPlugin, counter_spec("b"), &why), nullptr);
    EXPECT_EQ(metrics.get(kPlugin, counter_spec("c"), &why), nullptr);
    EXPECT_EQ(why, "too many metrics");
}

TEST(Metrics, AnOwnerThatLeavesTakesItsMetricsAlong) {
    Metrics metrics;
    auto* own = static_cast<Counter*>(metrics.get(kPlugin, counter_spec("own_total")));
    auto* shared = static_cast<Counter*>(metrics.get(kPlugin, counter_spec("shared_total")));
    ASSERT_EQ(metrics.get(kPlugin + 1, counter_spec("shared_total")), shared);
    metrics.add_collector(kPlugin, [](Samples& samples) { samples.gauge("collected", "c", {}, 1); });
    own->add(2);
    metrics.remove_owner(kPlugin);
    auto text = metrics.exposition();
    EXPECT_THAT(text, Not(HasSubstr("own_total")));
    EXPECT_THAT(text, Not(HasSubstr("collected")));
    EXPECT_THAT(text, HasSubstr("shared_total 0\n"));
    own->add(1);  // late, from a plugin that forgot: harmless
    EXPECT_EQ(metrics.get(kPlugin + 2, counter_spec("own_total")), own);
    own->add_real(0.5);
    EXPECT_THAT(metrics.exposition(), HasSubstr("own_total 3.5\n"));
}

TEST(Metrics, AGaugeOfAFormerOwnerStartsAtZero) {
    Metrics metrics;
    const MetricSpec spec{MetricKind::gauge, "leases", "", {}, {}};
    static_cast<Gauge*>(metrics.get(kPlugin, spec))->set(9);
    metrics.remove_owner(kPlugin);
    ASSERT_NE(metrics.get(kPlugin, spec), nullptr);
    EXPECT_THAT(metrics.exposition(), HasSubstr("streamhost_leases 0\n"));
}

TEST(Metrics, CollectorsAreAskedAtEachScrape) {
    Metrics metrics;
    int scrapes = 0;
    metrics.add_collector(kHostMetrics, [&](Samples& samples) {
        ++scrapes;
        const std::array labels{Label{"loop", "0"}};
        const std::array more{Label{"loop", "1"}};
        samples.counter("loop_rounds_total", "Rounds.", labels, scrapes);
        samples.counter("loop_rounds_total", "Rounds.", more, 5);
        samples.gauge("process_open_fds", "Open descriptors.", {}, 12);
    });
    static_cast<void>(metrics.exposition());
    const auto text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("streamhost_loop_rounds_total{loop=\"0\"} 2\n"
                                "streamhost_loop_rounds_total{loop=\"1\"} 5\n"));
    EXPECT_THAT(text, HasSubstr("\nprocess_open_fds 12\n"));
}

TEST(Metrics, LabelValuesAreCutAndMadeValid) {
    Metrics metrics;
    const std::string nasty = "a\"b\\c\nd\xFF" + std::string(1'000, 'x');
    const std::array labels{Label{"v", nasty}};
    ASSERT_NE(metrics.get(kPlugin, counter_spec("x_total", labels)), nullptr);
    const auto text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("{v=\"a\\\"b\\\\c\\nd\xEF\xBF\xBDxxx"));
    EXPECT_LT(text.size(), 800U);
}

TEST(Metrics, CountsFromManyThreadsAddUpWhileTheyAreScraped) {
    Metrics metrics;
    Counter& counter = metrics.counter("x_total", "x");
    Histogram& histogram = metrics.histogram("h", "h", duration_bounds());
    std::atomic<bool> done{false};
    std::thread scraper([&] {
        while (!done)
            static_cast<void>(metrics.exposition());
    });
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 12; ++thread) {  // more than shards
        threads.emplace_back([&] {
            for (int i = 0; i < 2'000; ++i) {
                counter.add();
                histogram.observe(0.5);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    done = true;
    scraper.join();
    EXPECT_EQ(counter.value(), 24'000);
    EXPECT_EQ(histogram.snapshot().sum, 12'000);
}

}  // namespace
}  // namespace streamhost::observe
