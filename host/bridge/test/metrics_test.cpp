#include <limits>

#include <gtest/gtest.h>

#include "bridge/extensions.hpp"
#include "observe/metric_cells.hpp"

namespace streamhost::bridge {
namespace {

sh_metric* as_plugin_sees(observe::Metric& metric) { return reinterpret_cast<sh_metric*>(&metric); }

TEST(MetricsTable, ACounterTakesWholeAndBrokenNumbers) {
    observe::Counter counter;
    metrics_table().add(as_plugin_sees(counter), 3);
    metrics_table().add(as_plugin_sees(counter), 0.25);
    metrics_table().add(as_plugin_sees(counter), 0.25);
    EXPECT_DOUBLE_EQ(counter.value(), 3.5);
}

TEST(MetricsTable, ACounterNeverFalls) {
    observe::Counter counter;
    metrics_table().add(as_plugin_sees(counter), 2);
    metrics_table().add(as_plugin_sees(counter), -1);
    metrics_table().add(as_plugin_sees(counter), std::numeric_limits<double>::quiet_NaN());
    metrics_table().set(as_plugin_sees(counter), 0);
    EXPECT_DOUBLE_EQ(counter.value(), 2);
}

TEST(MetricsTable, AGaugeIsSetAndMoved) {
    observe::Gauge gauge;
    metrics_table().set(as_plugin_sees(gauge), 5);
    metrics_table().add(as_plugin_sees(gauge), -7.5);
    EXPECT_DOUBLE_EQ(gauge.value(), -2.5);
}

}  // namespace
}  // namespace streamhost::bridge
