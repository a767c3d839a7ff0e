#include "bridge/meters.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::bridge {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Meters, CodesAscendSoThatEachIsThereOnce) {
    EXPECT_TRUE(std::is_sorted(kCloseCodes.begin(), kCloseCodes.end(), std::less_equal<>()));
    EXPECT_TRUE(std::is_sorted(kHttpCodes.begin(), kHttpCodes.end(), std::less_equal<>()));
}

TEST(Meters, ClosesAreCountedByCodeAndWhatClientsMakeUpTogether) {
    observe::Metrics metrics;
    ConnectionMeters meters(metrics);
    meters.closed(4000);
    meters.closed(4000);
    for (std::uint32_t code = 3'000; code < 4'000; ++code)
        meters.closed(static_cast<std::uint16_t>(code));
    const std::string text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("streamhost_connections_closed_total{code=\"4000\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("streamhost_connections_closed_total{code=\"other\"} 1000\n"));
    EXPECT_THAT(text, HasSubstr("streamhost_connections_closed_total{code=\"1006\"} 0\n"));
}

TEST(Meters, DeliveryIsNeverNegativeWhateverTheClocksSay) {
    observe::Metrics metrics;
    ConnectionMeters meters(metrics);
    meters.delivered(1'000, 1'250);
    meters.delivered(9'000, 1'250);
    const std::string text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("streamhost_chunk_delivery_seconds_sum 0.25\n"));
    EXPECT_THAT(text, HasSubstr("streamhost_chunk_delivery_seconds_count 2\n"));
}

TEST(Meters, AQueueThatWaitsIsSeenBySize) {
    observe::Metrics metrics;
    ConnectionMeters meters(metrics);
    meters.blocked(0);
    meters.blocked(5'000);
    const std::string text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("streamhost_send_queue_bytes_bucket{le=\"0\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("streamhost_send_queue_bytes_bucket{le=\"16384\"} 2\n"));
}

TEST(Meters, ARouteHasASeriesForEachStatusItAnswered) {
    observe::Metrics metrics;
    RouteMeter route;
    route.answered(metrics, "/v1/streams/*", 200);
    route.answered(metrics, "/v1/streams/*", 200);
    route.answered(metrics, "/v1/streams/*", 299);
    const std::string text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr(R"(streamhost_http_requests_total{code="200",route="/v1/streams/*"} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(streamhost_http_requests_total{code="other",route="/v1/streams/*"} 1)"));
    EXPECT_THAT(text, Not(HasSubstr(R"(code="404")")));
}

TEST(Meters, OnlyALockThatWasGotHasAWait) {
    observe::Metrics metrics;
    LockMeters locks(metrics);
    locks.answered(LockMeters::Result::ok, 0.5);
    locks.answered(LockMeters::Result::held, 3);
    locks.answered(LockMeters::Result::error, 7);
    const std::string text = metrics.exposition();
    for (const char* result : {"ok", "held", "error"})
        EXPECT_THAT(text,
                    HasSubstr("streamhost_lock_acquire_total{result=\"" + std::string(result) + "\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("streamhost_lock_wait_seconds_sum 0.5\n"));
}

}  // namespace
}  // namespace streamhost::bridge
