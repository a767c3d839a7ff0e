#include "config/reference_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test/support.hpp"

namespace streamhost::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReferencePage, HasARowForEachKeyWithWhatItTakes) {
    const std::string page = to_reference_page(*test::chat_schema());
    for (const char* row : {
             "\n## limits\n",
             "| `limits.head_timeout_ms` | a time, 100ms to 10m | `10s` | live | From the first moment",
             "| `limits.head_bytes` | bytes, 1KiB to 65535B | `16KiB` | live | Request line",
             "| `store.kind` | `memory`, `redis`, `redis-sentinel` | `\"memory\"` | restart | memory: inside",
             "| `store.policies[].policy` | `durable`, `live`, `memory` | needed | restart |",
             "| `listeners.<name>.address` | text, at most 261 characters, `^(unix:/[!-9;-~]+\\|(\\[[0-9A-Fa",
             "| `logging.level` | `debug`, `info`, `warn`, `error` | `\"info\"` | live |",
             "\n## plugins.chat\n",
             "| `plugins.chat.enabled` | true, false | `false` | plugin | Whether the plugin is started. |",
             "| `plugins.chat.max_runs` | integer, 1 to 100 | `10` | live |",
             "| `plugins.chat.weight` | number, 0 to 1 |  | plugin |",
             "| `plugins.chat.tags` | a list of text, `^[a-z]+$` |  | plugin |",
             "| `plugins.chat.providers.<name>.api_key` | text, secret |  | plugin |",
             "| `plugins.chat.providers.<name>.kind` | `echo`, `openai` | needed | plugin |",
         })
        EXPECT_THAT(page, HasSubstr(row));
    EXPECT_THAT(page, Not(HasSubstr("\n\n\n")));
}

TEST(ReferencePage, UnitsAreExact) {
    EXPECT_EQ(unit_text(90'000, Unit::milliseconds), "90s");
    EXPECT_EQ(unit_text(86'400'000, Unit::milliseconds), "1d");
    EXPECT_EQ(unit_text(1'500, Unit::milliseconds), "1500ms");
    EXPECT_EQ(unit_text(0, Unit::milliseconds), "0");
    EXPECT_EQ(unit_text(536'870'912, Unit::bytes), "512MiB");
    EXPECT_EQ(unit_text(65'535, Unit::bytes), "65535B");
    EXPECT_EQ(unit_text(0.5, Unit::none), "0.5");
}

}  // namespace
}  // namespace streamhost::config
