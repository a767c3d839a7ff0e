#include "app/admin_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AdminMeter, CountsByTheHostsRoutesAndNeverByWhatSomebodyAskedFor) {
    observe::Metrics metrics;
    const AdminMeter meter;
    meter.answered(metrics, "/admin/v1/config", 401);
    meter.answered(metrics, "/admin/v1/config/diff", 401);
    meter.answered(metrics, "/admin/v1/plugins/chat", 403);
    meter.answered(metrics, "/admin/v1/nodes", 401);
    meter.answered(metrics, "/made-up/by-a-stranger", 401);
    meter.answered(metrics, "/", 299);
    const std::string text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr(R"(streamhost_http_requests_total{code="401",route="/admin/v1/config"} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(streamhost_http_requests_total{code="403",route="/admin/v1/plugins"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(streamhost_http_requests_total{code="401",route="other"} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(streamhost_http_requests_total{code="other",route="other"} 1)"));
    EXPECT_THAT(text, Not(HasSubstr("stranger")));
}

}  // namespace
}  // namespace streamhost::app
